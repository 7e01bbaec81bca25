import { silentLog } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import type { Root } from '@tabswarm/protocol/ids';
import { blockQuestions, MAX_ASKED_BLOCKS, swarmMessage, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { createManualClock } from '@tabswarm/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockAsks } from '../src/block-asks.ts';
import { createPort } from '../src/port.ts';
import { createWorld, ROOT } from './world.ts';

const KIB = 1024;
const OTHER = 'cd'.repeat(32) as Root;
const LAST_REQUEST = 0xffff_ffff;

type Asked = Extract<SwarmMessage, { type: 'askBlocks' }>;

const question = (request: number, index: number, root: Root = ROOT) =>
  ({ type: 'askBlock', request, root, index }) as const;

function gathered() {
  const sent: Asked[] = [];
  const asks = createBlockAsks((message) => {
    // As on the wire.
    const arrived = swarmMessage.decode(swarmMessage.encode(message));
    if (arrived.type === 'askBlocks') sent.push(arrived);
  });
  return { asks, sent };
}

describe('blocks that are asked for at once', () => {
  it('[EX29] go in one message when the turn ends', async () => {
    const { asks, sent } = gathered();
    for (const [i, index] of [5, 3, 9].entries()) asks.add(question(7 + i, index));
    expect(sent).toEqual([]);
    await Promise.resolve();
    expect(sent).toEqual([{ type: 'askBlocks', request: 7, root: ROOT, indexes: [5, 3, 9] }]);
  });

  it('[EX29] go before what is said after them in the same turn, and before they are taken back', async () => {
    const said: SwarmMessage['type'][] = [];
    const port = createPort(
      {
        remote: ROOT,
        closed: new AbortController().signal,
        channel: () => ({
          maxBytes: Infinity,
          send(bytes: Uint8Array<ArrayBuffer>) {
            said.push(swarmMessage.decode(bytes).type);
            return Promise.resolve();
          },
          receive: () => undefined,
        }),
        bulk: { receive: () => undefined },
      } as unknown as Link,
      {
        dealings: { onAsked: () => undefined, onGiven: () => undefined, onWithdrawn: () => undefined },
        clock: createManualClock(),
        log: silentLog,
      },
    );
    const cancel = new AbortController();
    const asked = [1, 2].map((index) =>
      port.ask({ type: 'askBlock', root: ROOT, index }, { expect: { exact: 9 }, signal: cancel.signal }),
    );
    port.tell({ type: 'leave', root: OTHER });
    asked.push(
      port.ask({ type: 'askBlock', root: ROOT, index: 3 }, { expect: { exact: 9 }, signal: cancel.signal }),
    );
    cancel.abort(new Error('enough'));
    await Promise.allSettled(asked);
    expect(said).toEqual(['askBlocks', 'leave', 'askBlocks', 'cancel', 'cancel', 'cancel']);
  });

  it('[EX29] are the same questions on the other side, whichever they are', async () => {
    const steps = fc.array(
      fc.record({ index: fc.nat(1_000), skipped: fc.nat(1), isOther: fc.boolean(), turns: fc.nat(9) }),
      { maxLength: 3 * MAX_ASKED_BLOCKS },
    );
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: LAST_REQUEST - 50, max: LAST_REQUEST }),
        async (asked, from) => {
          const { asks, sent } = gathered();
          const said = [];
          let request = from;
          for (const { index, skipped, isOther, turns } of asked) {
            request = (request + 1 + skipped) >>> 0;
            said.push(question(request, index, isOther ? OTHER : ROOT));
            asks.add(question(request, index, isOther ? OTHER : ROOT));
            if (turns === 0) await Promise.resolve();
          }
          asks.flush();
          expect(sent.flatMap((message) => blockQuestions(message))).toEqual(said);
        },
      ),
    );
  });

  it('[EX29] are several as long as a source delivers fast', async () => {
    const world = createWorld(256, {
      blockBytes: 64 * KIB,
      latencyMs: () => 20,
      uplink: () => 4 * 1024 * KIB,
    });
    const [seeder, leecher] = [await world.peer({ has: true }), await world.peer()];
    await world.fetch(leecher, [seeder]);
    expect(leecher.questions()).toBe(256);
    expect(leecher.askingMessages()).toBeLessThan(256 / 8);
  });

  it('[EX29] are several also where they are small', async () => {
    const world = createWorld(512, {
      blockBytes: 16 * KIB,
      latencyMs: () => 20,
      uplink: () => 4 * 1024 * KIB,
    });
    const [seeder, leecher] = [await world.peer({ has: true }), await world.peer()];
    await world.fetch(leecher, [seeder]);
    expect(leecher.questions()).toBe(512);
    expect(leecher.askingMessages()).toBeLessThan(512 / 8);
  });

  it('[EX29] leave a source nothing to wait for', async () => {
    const uplink = 1024 * KIB;
    const world = createWorld(128, { blockBytes: 64 * KIB, latencyMs: () => 50, uplink: () => uplink });
    const [seeder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const startedAt = world.clock.now();
    await world.fetch(leecher, [seeder]);
    const seconds = (world.clock.now() - startedAt) / 1_000;
    expect(seconds).toBeLessThan(((128 * 64 * KIB) / uplink) * 1.1 + 0.5);
  });
});
