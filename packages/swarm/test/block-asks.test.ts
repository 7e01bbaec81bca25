import { silentLog } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import type { Root } from '@tabswarm/protocol/ids';
import {
  blockQuestions,
  MAX_ASKED_BLOCKS,
  SWARM_VERSION,
  swarmMessage,
  type BlockQuestion,
  type SwarmMessage,
} from '@tabswarm/protocol/swarm';
import { createManualClock } from '@tabswarm/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockAsks } from '../src/block-asks.ts';
import { createPort } from '../src/port.ts';
import { createWorld, ROOT } from './world.ts';

const KIB = 1024;
const OTHER = 'cd'.repeat(32) as Root;
const LAST_REQUEST = 0xffff_ffff;

const question = (request: number, index: number, root: Root = ROOT): BlockQuestion => ({
  type: 'askBlock',
  request,
  root,
  index,
});

/** What goes over the wire, to a tab that understands `askBlocks` unless it is said otherwise. */
function gathered({ understood = true } = {}) {
  const sent: SwarmMessage[] = [];
  const asks = createBlockAsks((message) => sent.push(swarmMessage.decode(swarmMessage.encode(message))));
  asks.setUnderstood(understood);
  return { asks, sent };
}

/** A port, what it says, and how the other side says something to it. */
function portOf() {
  const said: SwarmMessage[] = [];
  let hear: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  const channel = {
    maxBytes: Infinity,
    send(bytes: Uint8Array<ArrayBuffer>) {
      said.push(swarmMessage.decode(bytes));
      return Promise.resolve();
    },
    receive(receiver: typeof hear) {
      hear = receiver;
    },
  };
  const closed = new AbortController().signal;
  const link = { remote: ROOT, closed, channel: () => channel, bulk: { receive: () => undefined } };
  const port = createPort(link as unknown as Link, {
    dealings: { onAsked: () => undefined, onGiven: () => undefined, onWithdrawn: () => undefined },
    clock: createManualClock(),
    log: silentLog,
  });
  const over = new AbortController();
  return {
    said: () => said.map(({ type }) => type),
    tell: port.tell,
    hear: (message: SwarmMessage) => hear?.(swarmMessage.encode(message)),
    ask: (index: number) =>
      port.ask({ type: 'askBlock', root: ROOT, index }, { expect: { exact: 9 }, signal: over.signal }),
    takeBack: () => over.abort(new Error('enough')),
  };
}

/** As a tab says that it takes part; one of before does not speak of `batches`. */
const joinOf = (batches?: boolean): SwarmMessage => {
  const shown = { have: new Uint8Array(), whole: false, info: true };
  return { type: 'join', version: SWARM_VERSION, root: ROOT, ...shown, answer: true, batches };
};

/** In how many messages a leecher asks a fast seeder for so many blocks. */
async function messagesFor(blocks: number, blockBytes: number): Promise<number> {
  const line = { latencyMs: () => 20, uplink: () => 4 * 1024 * KIB };
  const world = createWorld(blocks, { blockBytes, ...line });
  const [seeder, leecher] = [await world.peer({ has: true }), await world.peer()];
  await world.fetch(leecher, [seeder]);
  expect(leecher.questions()).toBe(blocks);
  return leecher.askingMessages();
}

describe('blocks that are asked for at once', () => {
  it('[EX29] go in one message when the turn ends', async () => {
    const { asks, sent } = gathered();
    for (const [i, index] of [5, 3, 9].entries()) asks.add(question(7 + i, index));
    expect(sent).toEqual([]);
    await Promise.resolve();
    expect(sent).toEqual([{ type: 'askBlocks', request: 7, root: ROOT, indexes: [5, 3, 9] }]);
  });

  it('[EX29] go one by one to a tab that does not understand several, and so does a lone one', async () => {
    const old = gathered({ understood: false });
    for (const index of [5, 3]) old.asks.add(question(index, index));
    old.asks.add(question(6, 9));
    old.asks.flush();
    expect(old.sent).toEqual([question(5, 5), question(3, 3), question(6, 9)]);
    const { asks, sent } = gathered();
    asks.add(question(7, 5));
    asks.flush();
    expect(sent).toEqual([question(7, 5)]);
  });

  it.each([
    ['a tab that has not joined', [], ['askBlock', 'askBlock']],
    ['one of before', [joinOf()], ['askBlock', 'askBlock']],
    ['one of now', [joinOf(true)], ['askBlocks']],
  ])('[EX29] go to %s as it understands them', async (_, joins, said) => {
    const port = portOf();
    for (const join of joins) port.hear(join);
    const asked = [1, 2].map((index) => port.ask(index));
    await Promise.resolve();
    expect(port.said()).toEqual(said);
    port.takeBack();
    await Promise.allSettled(asked);
  });

  it('[EX29] go before what is said after them in the same turn, and before they are taken back', async () => {
    const port = portOf();
    port.hear(joinOf(true));
    const asked = [1, 2].map((index) => port.ask(index));
    port.tell({ type: 'leave', root: OTHER });
    asked.push(port.ask(3));
    port.takeBack();
    await Promise.allSettled(asked);
    expect(port.said()).toEqual(['askBlocks', 'leave', 'askBlock', 'cancel', 'cancel', 'cancel']);
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
          const heard = sent.flatMap((message) =>
            message.type === 'askBlocks' ? blockQuestions(message) : [message],
          );
          expect(heard).toEqual(said);
        },
      ),
    );
  });

  it.each([
    ['as long as a source delivers fast', 256, 64 * KIB],
    ['also where they are small', 512, 16 * KIB],
  ])('[EX29] are several %s', async (_, blocks, blockBytes) => {
    expect(await messagesFor(blocks, blockBytes)).toBeLessThan(blocks / 8);
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
