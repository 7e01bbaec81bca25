import { silentLog } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { SwarmQuestion } from '@tabswarm/protocol/swarm';
import { describe, expect, it } from 'vitest';
import type { Port } from '../../src/port.ts';
import { createLane } from '../../src/upload/lane.ts';
import { ROOT } from '../fake-library.ts';

const KIB = 1024;

/** A lane whose wire takes a block when it is told to. */
function setUp(blockBytes: number) {
  const closed = new AbortController();
  const read: number[] = [];
  let goOn: (() => void) | undefined;
  const lane = createLane({
    port: { remote: 'peer' as NodeId, closed: closed.signal, tell: () => undefined } as unknown as Port,
    bytesOf: () => blockBytes,
    find(question) {
      read.push(question.request);
      return Promise.resolve(new ArrayBuffer(8));
    },
    send: () =>
      new Promise((resolve) => {
        goOn = resolve;
      }),
    onAbsent: () => undefined,
    onAnswered: () => undefined,
    log: silentLog,
  });
  return {
    read,
    async ask(count: number) {
      for (let request = 1; request <= count; request += 1) {
        lane.push({ type: 'askBlock', root: ROOT, index: request, request } satisfies SwarmQuestion);
      }
      await settle();
    },
    /** One block has gone out; answers how many were read for that. */
    async sendOne() {
      const before = read.length;
      goOn?.();
      await settle();
      return read.length - before;
    },
  };
}

/** What has been resolved is heard of. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

describe('what is asked on a link', () => {
  it('[UP13] is read ahead several at a time, and no more than 2 MiB of it', async () => {
    const { ask, read, sendOne } = setUp(256 * KIB);
    await ask(32);
    const steps: number[] = [];
    for (let sent = 1; sent <= 24; sent += 1) {
      steps.push(await sendOne());
      // The one that is being sent, and eight behind it.
      expect(read.length).toBeLessThanOrEqual(sent + 1 + 8);
      expect(read.length).toBeGreaterThan(sent);
    }
    expect(steps.filter((step) => step > 0).every((step) => step >= 4)).toBe(true);
    expect(read).toEqual(Array.from({ length: read.length }, (_, at) => at + 1));
  });

  it('[UP13] is read two ahead however large, so that the wire does not wait for the disk', async () => {
    const { ask, read, sendOne } = setUp(16 * KIB * KIB);
    await ask(6);
    for (let sent = 1; sent <= 4; sent += 1) {
      await sendOne();
      expect(read.length).toBe(Math.min(6, sent + 3));
    }
  });
});
