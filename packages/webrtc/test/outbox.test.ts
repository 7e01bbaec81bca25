import { MAX_BULK_BYTES } from '@tabswarm/protocol/swarm';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Pipe } from '../src/connection.ts';
import { createBulkFlow, createFlow } from '../src/flow.ts';
import { createOutbox } from '../src/outbox.ts';

const MIB = 1024 * 1024;

/** A wire that takes bytes only when the test says so. */
function createSlowPipe(): Pipe & {
  drain(bytes: number): void;
  /** As a browser does that tells late: when something has been sent meanwhile. */
  tellLow(): void;
  readonly sent: number[];
} {
  let buffered = 0;
  let threshold = 0;
  const listeners: (() => void)[] = [];
  const sent: number[] = [];
  return {
    sent,
    buffered: () => buffered,
    send(bytes) {
      sent.push(bytes.byteLength);
      buffered += bytes.byteLength;
    },
    onMessage: () => undefined,
    onLow: (listener) => listeners.push(listener),
    setLowThreshold(bytes) {
      threshold = bytes;
    },
    tellLow() {
      for (const listener of listeners) listener();
    },
    drain(bytes) {
      const before = buffered;
      buffered = Math.max(0, buffered - bytes);
      // As a data channel does: only when the threshold is crossed from above.
      if (before > threshold && buffered <= threshold) for (const listener of listeners) listener();
    },
  };
}

describe('sending with back-pressure', () => {
  it('holds back beyond the high water, and goes on in order when there is room', async () => {
    const pipe = createSlowPipe();
    const clock = createManualClock();
    const outbox = createOutbox(createFlow(pipe, clock), clock, new AbortController().signal);
    const done: number[] = [];
    const sends = Array.from({ length: 40 }, async (_, i) => {
      await outbox.send(new Uint8Array(64 * 1024 - i), undefined);
      done.push(i);
    });
    await Promise.resolve();
    expect(pipe.buffered()).toBeLessThanOrEqual(MIB);
    expect(pipe.sent.length).toBeGreaterThanOrEqual(15);
    const before = pipe.sent.length;
    pipe.drain(MIB);
    expect(pipe.sent.length).toBeGreaterThan(before);
    while (pipe.sent.length < 40) pipe.drain(MIB);
    await Promise.all(sends);
    expect(done).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(pipe.sent).toEqual(Array.from({ length: 40 }, (_, i) => 64 * 1024 - i));
  });

  it('[WR5] hands over one bulk message when the one before has left, and by and by up to four where that goes fast', async () => {
    const pipe = createSlowPipe();
    const clock = createManualClock();
    const outbox = createOutbox(createBulkFlow(pipe, clock), clock, new AbortController().signal);
    const sends = Array.from({ length: 200 }, () => outbox.send(new Uint8Array(MAX_BULK_BYTES), undefined));
    /** Lets all go that waits; answers how many are handed over for that. */
    const leave = async (ms: number): Promise<number> => {
      await clock.advance(ms);
      const before = pipe.sent.length;
      pipe.drain(pipe.buffered() - 1);
      expect(pipe.sent).toHaveLength(before);
      pipe.drain(1);
      return pipe.sent.length - before;
    };
    /** As many fast bursts as there are in that time, of which the last is answered. */
    const leaveFast = async (ms: number): Promise<number> => {
      for (let left = ms; left > 25; left -= 25) await leave(25);
      return leave(25);
    };
    expect(pipe.sent).toHaveLength(1);
    expect([await leave(50), await leave(10), await leaveFast(225), await leaveFast(25)]).toEqual([
      1, 2, 2, 3,
    ]);
    expect([await leaveFast(225), await leaveFast(25), await leaveFast(500)]).toEqual([3, 4, 4]);
    expect([await leave(50), await leave(200), await leave(200), await leave(200)]).toEqual([4, 2, 1, 1]);
    while (pipe.sent.length < 200) await leave(10);
    await Promise.all(sends);
  });

  it('[WR5] does not take a burst for fast where word of the one before comes late', async () => {
    const pipe = createSlowPipe();
    const clock = createManualClock();
    const outbox = createOutbox(createBulkFlow(pipe, clock), clock, new AbortController().signal);
    await outbox.send(new Uint8Array(MAX_BULK_BYTES), undefined);
    for (let late = 0; late < 3; late += 1) pipe.tellLow();
    await clock.advance(1_000);
    pipe.drain(MAX_BULK_BYTES);
    const sends = Array.from({ length: 4 }, () => outbox.send(new Uint8Array(MAX_BULK_BYTES), undefined));
    expect(pipe.sent).toHaveLength(2);
    while (pipe.buffered() > 0) pipe.drain(MAX_BULK_BYTES);
    await Promise.all(sends);
  });

  it('keeps less waiting on a slow wire, so that nothing waits long behind it', async () => {
    const clock = createManualClock();
    const pipe = createSlowPipe();
    const closed = new AbortController();
    const outbox = createOutbox(createFlow(pipe, clock), clock, closed.signal);
    const sends = Array.from({ length: 200 }, () =>
      outbox.send(new Uint8Array(64 * 1024), undefined).catch(() => undefined),
    );
    // 400 KiB a second: 250 ms of it are 100 KiB, so the least high water applies.
    for (let second = 0; second < 20; second += 1) {
      await clock.advance(1_000);
      pipe.drain(400 * 1024);
    }
    expect(pipe.buffered()).toBeLessThanOrEqual(192 * 1024);
    closed.abort();
    await Promise.all(sends);
  });

  it('keeps more waiting again once the wire is faster, also for who sends one after the other', async () => {
    const clock = createManualClock();
    const pipe = createSlowPipe();
    const closed = new AbortController();
    const outbox = createOutbox(createFlow(pipe, clock), clock, closed.signal);
    const sendAll = async (): Promise<void> => {
      while (!closed.signal.aborted) await outbox.send(new Uint8Array(64 * 1024), undefined);
    };
    const sending = sendAll().catch(() => undefined);
    const run = async (bytesPerMs: number, ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 10) {
        await clock.advance(10);
        pipe.drain(10 * bytesPerMs);
      }
    };
    await run(200, 10_000);
    expect(pipe.buffered()).toBeLessThanOrEqual(192 * 1024);
    await run(8_000, 10_000);
    // What one turn drained is full again.
    await clock.advance(1);
    expect(pipe.buffered()).toBeGreaterThan(MIB / 2);
    expect(pipe.buffered()).toBeLessThanOrEqual(MIB);
    closed.abort();
    await sending;
  });

  it('never waits for room below the threshold, where no event would follow', async () => {
    const clock = createManualClock();
    const pipe = createSlowPipe();
    const closed = new AbortController();
    const outbox = createOutbox(createFlow(pipe, clock), clock, closed.signal);
    const sendAll = async (): Promise<void> => {
      while (!closed.signal.aborted) await outbox.send(new Uint8Array(MAX_BULK_BYTES), undefined);
    };
    const sending = sendAll().catch(() => undefined);
    // So slow that the least high water applies.
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1_000);
      pipe.drain(64 * 1024);
    }
    // The buffer falls to each level around half the high water.
    for (let bytes = 64 * 1024 - 200; bytes <= 64 * 1024 + 200; bytes += 1) {
      const sent = pipe.sent.length;
      pipe.drain(pipe.buffered() - bytes);
      await clock.advance(1_000);
      pipe.drain(bytes);
      await clock.advance(1_000);
      expect(pipe.sent.length, `from ${bytes} bytes`).toBeGreaterThan(sent);
    }
    closed.abort();
    await sending;
  });

  it('says so when more waits than anybody who reads would cause', async () => {
    const closed = new AbortController();
    let overflows = 0;
    const clock = createManualClock();
    const flow = createFlow(createSlowPipe(), clock);
    const onOverflow = (): void => {
      overflows += 1;
      closed.abort(new Error('does not read'));
    };
    const outbox = createOutbox(flow, clock, closed.signal, { onOverflow });
    const sends = Array.from({ length: 6_000 }, () => outbox.send(new Uint8Array(1024), undefined));
    const outcomes = await Promise.allSettled(sends);
    expect(overflows).toBe(1);
    // A mebibyte of them was handed over; the rest is told.
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1_024);
  });

  it('lets go of who waits when the link ends, or when they give up', async () => {
    const pipe = createSlowPipe();
    const closed = new AbortController();
    const clock = createManualClock();
    const outbox = createOutbox(createFlow(pipe, clock), clock, closed.signal);
    await outbox.send(new Uint8Array(MIB), undefined);
    const impatient = new AbortController();
    const first = outbox.send(new Uint8Array(1), impatient.signal).catch((cause: unknown) => cause);
    const second = outbox.send(new Uint8Array(2), undefined).catch((cause: unknown) => cause);
    impatient.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    closed.abort(new Error('gone'));
    expect(await second).toMatchObject({ message: 'gone' });
    await expect(outbox.send(new Uint8Array(3), undefined)).rejects.toThrow('gone');
    expect(pipe.sent).toEqual([MIB]);
  });
});
