import { createDeferred, createListeners, silentLog, type Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { SwarmMessage } from '@tabswarm/protocol/swarm';
import { expect, it } from 'vitest';
import type { Library } from '../../src/library.ts';
import type { Pace, Port } from '../../src/port.ts';
import { createDealings } from '../../src/upload/dealings.ts';
import { createServer } from '../../src/upload/server.ts';
import { ROOT } from '../fake-library.ts';

const BLOCKS = 3;
/** All that is noted of a block is noted for good. */
const stopped: Clock = { now: () => 0, after: () => () => undefined };

it('a block that was sent is kept in memory no longer, whatever is noted of it', async () => {
  const found: WeakRef<ArrayBuffer>[] = [];
  const holding = {
    block(): Promise<ArrayBuffer> {
      const bytes = new ArrayBuffer(8);
      found.push(new WeakRef(bytes));
      return Promise.resolve(bytes);
    },
    layout: () => ({ blockLengths: Array.from({ length: BLOCKS }, () => 8), urgentBlocks: 0 }),
  };
  const heard = createListeners<SwarmMessage>();
  const allSent = createDeferred<void>();
  let sent = 0;
  const port = {
    remote: 'a' as NodeId,
    closed: new AbortController().signal,
    holdings: new Map(),
    onMessage: (listener: (message: SwarmMessage) => void) => heard.subscribe(listener),
    answer(_request: number, bytes: ArrayBuffer, _signal: AbortSignal, { onPart }: Pace) {
      onPart(bytes.byteLength);
      if ((sent += 1) === BLOCKS) allSent.resolve();
      return Promise.resolve();
    },
    tell: () => undefined,
  } as unknown as Port;
  const library = { get: () => holding } as unknown as Library;
  const dealings = createDealings(stopped, () => false);
  const showing = { onAsked: () => undefined };
  createServer({ library, dealings, showing, clock: stopped, log: silentLog }).attach(port);
  for (let index = 0; index < BLOCKS; index += 1)
    heard.emit({ type: 'askBlock', root: ROOT, request: index + 1, index });
  await allSent.promise;
  expect(found).toHaveLength(BLOCKS);
  await expect.poll(kept(found)).toBe(0);
});

/** `--expose-gc` is among the flags of the browsers that tests run in. */
function kept(found: readonly WeakRef<ArrayBuffer>[]): () => number {
  return () => {
    (globalThis as unknown as { gc(): void }).gc();
    return found.filter((ref) => ref.deref() !== undefined).length;
  };
}
