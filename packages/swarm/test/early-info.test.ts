import { createDeferred } from '@tabswarm/base';
import { describe, expect, it, vi } from 'vitest';
import { createEarlyInfo } from '../src/early-info.ts';
import { RefusedError, type Port } from '../src/port.ts';
import { ROOT } from './fake-library.ts';

type AskOptions = Parameters<Port['ask']>[1];

const BYTES = Uint8Array.of(1, 2, 3).buffer;

/** A port of which every question waits for its answer. */
function fakePort() {
  const questions: { options: AskOptions; done: ReturnType<typeof createDeferred<ArrayBuffer>> }[] = [];
  const ask: Port['ask'] = (_, options) => {
    const done = createDeferred<ArrayBuffer>();
    options.signal.addEventListener('abort', () => done.reject(options.signal.reason), { once: true });
    questions.push({ options, done });
    return done.promise;
  };
  return { port: { ask } as Port, questions };
}

function optionsWith(onProgress = vi.fn()) {
  const over = new AbortController();
  return { expect: { max: 100 }, signal: over.signal, onProgress, over };
}

describe('[EX28] an early question for the info dictionary', () => {
  it('gives its answer to whoever asks then, with what came of it', async () => {
    const early = createEarlyInfo(ROOT);
    const { port, questions } = fakePort();
    early.ask(port);
    questions[0]?.options.onProgress?.(1);
    const options = optionsWith();
    const answer = early.answer(port, options);
    questions[0]?.options.onProgress?.(2);
    questions[0]?.done.resolve(BYTES);
    expect(await answer).toBe(BYTES);
    expect(options.onProgress.mock.calls).toEqual([[1], [2]]);
    expect(questions).toHaveLength(1);
  });

  it('is asked of one at a time, and of the next when that gives nothing', async () => {
    const early = createEarlyInfo(ROOT);
    const [one, two, three] = [fakePort(), fakePort(), fakePort()];
    early.ask(one.port);
    early.ask(two.port);
    expect(two.questions).toHaveLength(0);
    early.cancel(two.port);
    expect(one.questions[0]?.options.signal.aborted).toBe(false);
    early.cancel(one.port);
    expect(one.questions[0]?.options.signal.aborted).toBe(true);
    early.ask(two.port);
    two.questions[0]?.done.reject(new Error('gone'));
    await vi.waitFor(() => {
      early.ask(three.port);
      expect(three.questions).toHaveLength(1);
    });
    expect([one, two].map(({ questions }) => questions.length)).toEqual([1, 1]);
  });

  it('ends when it is asked for without it: it does not come from two at once', () => {
    const early = createEarlyInfo(ROOT);
    const [one, two, three] = [fakePort(), fakePort(), fakePort()];
    early.ask(one.port);
    void early.answer(two.port, optionsWith());
    early.ask(three.port);
    expect(one.questions[0]?.options.signal.aborted).toBe(true);
    expect([one, two, three].map(({ questions }) => questions.length)).toEqual([1, 1, 0]);
  });

  it('is not asked of another once its answer is waited for', () => {
    const early = createEarlyInfo(ROOT);
    const [one, two] = [fakePort(), fakePort()];
    early.ask(one.port);
    void early.answer(one.port, optionsWith());
    early.ask(two.port);
    expect([one, two].map(({ questions }) => questions.length)).toEqual([1, 0]);
    expect(one.questions[0]?.options.signal.aborted).toBe(false);
  });

  it('is asked again of who refused it and says now that it has one', async () => {
    const early = createEarlyInfo(ROOT);
    const { port, questions } = fakePort();
    early.ask(port);
    questions[0]?.done.reject(new RefusedError('absent'));
    const answer = early.answer(port, optionsWith());
    await vi.waitFor(() => expect(questions).toHaveLength(2));
    questions[1]?.done.resolve(BYTES);
    expect(await answer).toBe(BYTES);
  });

  it('fails with what else it failed with', async () => {
    const early = createEarlyInfo(ROOT);
    const { port, questions } = fakePort();
    early.ask(port);
    const answer = early.answer(port, optionsWith());
    questions[0]?.done.reject(new Error('gone'));
    await expect(answer).rejects.toThrow('gone');
    expect(questions).toHaveLength(1);
  });

  it('is taken back with the question whose answer it became', async () => {
    const early = createEarlyInfo(ROOT);
    const { port, questions } = fakePort();
    early.ask(port);
    const options = optionsWith();
    const answer = early.answer(port, options);
    options.over.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(questions[0]?.options.signal.aborted).toBe(true);
  });

  it('is taken back when it is over, and none is asked any more', () => {
    const early = createEarlyInfo(ROOT);
    const { port, questions } = fakePort();
    early.ask(port);
    early.stop();
    early.ask(port);
    expect(questions.map(({ options }) => options.signal.aborted)).toEqual([true]);
  });
});
