import { equalBytes } from '@tabswarm/protocol/bytes';
import { expect, it } from 'vitest';
import { eventually, linkedPair, type ContractWorld } from './contract-support.ts';
import type { Channel } from './link.ts';

type Bytes = Uint8Array<ArrayBuffer>;
const ORDERED = ['dht', 'swarm', 'introduction'] as const;

/** The part of the transport contract that is about what travels on a link. */
export function describeChannels(world: () => ContractWorld): void {
  it('[NT6] carries whole messages in order, each on its own channel', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const got = ORDERED.map((protocol) => collect(far.channel(protocol)));
    for (let i = 0; i < 50; i += 1) {
      for (const [at, protocol] of ORDERED.entries()) {
        await near.channel(protocol).send(patterned(i, 1000 * at + i));
      }
    }
    await eventually(() => {
      for (const messages of got) expect(messages).toHaveLength(50);
    });
    for (const [at, messages] of got.entries()) {
      for (const [i, message] of messages.entries()) expectBytes(message, patterned(i, 1000 * at + i));
    }
  });

  it('[NT6] carries messages both ways at once', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const gotNear = collect(near.channel('dht'));
    const gotFar = collect(far.channel('dht'));
    for (let i = 0; i < 20; i += 1) {
      await Promise.all([
        near.channel('dht').send(patterned(i, 10)),
        far.channel('dht').send(patterned(i, 20)),
      ]);
    }
    await eventually(() => expect([gotNear.length, gotFar.length]).toEqual([20, 20]));
    expect(gotNear.every((message) => message.byteLength === 20)).toBe(true);
    expect(gotFar.every((message) => message.byteLength === 10)).toBe(true);
  });

  it('[NT7] carries messages of every size up to the limit, the empty one included, and refuses larger ones', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const channel = near.channel('dht');
    const got = collect(far.channel('dht'));
    const sizes = [0, 1, 1_000, channel.maxBytes - 1, channel.maxBytes];
    for (const [i, size] of sizes.entries()) await channel.send(patterned(i, size));
    await eventually(() => expect(got.map((message) => message.byteLength)).toEqual(sizes));
    for (const [i, size] of sizes.entries()) expectBytes(got[i], patterned(i, size));
    await expect(sendOf(channel, new Uint8Array(channel.maxBytes + 1))).rejects.toBeInstanceOf(RangeError);
    await expect(sendOf(near.bulk, new Uint8Array(near.bulk.maxBytes + 1))).rejects.toBeInstanceOf(
      RangeError,
    );
    expect(near.closed.aborted).toBe(false);
  });

  it('[NT8] delivers every bulk message once and whole, in whatever order', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const got = collect(far.bulk);
    const count = 24;
    for (let i = 0; i < count; i += 1) await near.bulk.send(patterned(i, 1 + i * 1_000));
    await near.bulk.send(patterned(count, near.bulk.maxBytes));
    await eventually(() => expect(got).toHaveLength(count + 1));
    const sorted = got.toSorted((a, b) => a.byteLength - b.byteLength);
    for (let i = 0; i < count; i += 1) expectBytes(sorted[i], patterned(i, 1 + i * 1_000));
    expectBytes(sorted[count], patterned(count, near.bulk.maxBytes));
    expect(near.bulk.maxBytes).toBeGreaterThanOrEqual(16 * 1024);
  });

  it('[NT9] holds what comes before there is a receiver, and hands it over in order', async () => {
    const { a, b } = world();
    const early: number[] = [];
    b.onLink((link) => link.channel('swarm').receive((message) => early.push(message[0] as number)));
    const { near, far } = await linkedPair(a, b);
    // On `swarm` the receiver is there before the first message; on `dht` it comes late.
    for (const value of [1, 2, 3]) {
      await near.channel('dht').send(Uint8Array.of(value));
      await near.channel('swarm').send(Uint8Array.of(value));
    }
    await eventually(() => expect(early).toEqual([1, 2, 3]));
    const late: number[] = [];
    const stop = far.channel('dht').receive((message) => late.push(message[0] as number));
    await eventually(() => expect(late).toEqual([1, 2, 3]));
    stop();
    await near.channel('dht').send(Uint8Array.of(4));
    await near.channel('swarm').send(Uint8Array.of(4));
    await eventually(() => expect(early).toEqual([1, 2, 3, 4]));
    expect(late).toEqual([1, 2, 3]);
    far.channel('dht').receive((message) => late.push(message[0] as number));
    await eventually(() => expect(late).toEqual([1, 2, 3, 4]));
  });

  it('[NT10] leaves the bytes of a sent message to the caller', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const got = collect(far.channel('dht'));
    const scratch = new Uint8Array(1_000);
    for (let i = 0; i < 20; i += 1) {
      scratch.fill(i);
      await near.channel('dht').send(scratch);
    }
    await eventually(() => expect(got).toHaveLength(20));
    expect(got.map((message) => [message[0], message[999]])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, i]),
    );
  });

  it('[NT10] does not send for a signal that has aborted', async () => {
    const { near, far } = await linkedPair(world().a, world().b);
    const got = collect(far.channel('dht'));
    const reason = new Error('no longer needed');
    const signal = AbortSignal.abort(reason);
    await expect(near.channel('dht').send(Uint8Array.of(1), { signal })).rejects.toBe(reason);
    await near.channel('dht').send(Uint8Array.of(2));
    await eventually(() => expect(got).toEqual([Uint8Array.of(2)]));
  });

  it('[NT11] counts the bytes of a link in both directions', async () => {
    const before = Date.now();
    const { near, far } = await linkedPair(world().a, world().b);
    const got = collect(far.bulk);
    await near.bulk.send(new Uint8Array(10_000));
    await eventually(() => expect(got).toHaveLength(1));
    expect(near.stats().bytesSent).toBeGreaterThanOrEqual(10_000);
    expect(far.stats().bytesReceived).toBeGreaterThanOrEqual(10_000);
    expect(far.stats().bytesSent).toBeLessThan(10_000);
    expect(near.stats().openedAt).toBeGreaterThanOrEqual(before);
    expect(near.stats().openedAt).toBeLessThanOrEqual(Date.now());
  });
}

function collect(channel: Channel): Bytes[] {
  const messages: Bytes[] = [];
  channel.receive((message) => messages.push(message.slice()));
  return messages;
}

/** `send` may throw at once or reject: both refuse. */
async function sendOf(channel: Channel, message: Bytes): Promise<void> {
  await channel.send(message);
}

function patterned(seed: number, length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) % 251);
}

/** As `toEqual`, which takes seconds for messages of this size. */
function expectBytes(actual: Bytes | undefined, expected: Bytes): void {
  expect(actual?.byteLength).toBe(expected.byteLength);
  expect(equalBytes(actual ?? new Uint8Array(), expected)).toBe(true);
}
