import { createListeners, silentLog } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_OPEN_REQUESTS, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { createManualClock } from '@tabswarm/testkit';
import { expect, it } from 'vitest';
import type { Library } from '../../src/library.ts';
import type { Port } from '../../src/port.ts';
import { createDealings } from '../../src/upload/dealings.ts';
import { createServer } from '../../src/upload/server.ts';
import { ROOT } from '../fake-library.ts';

it('[UP4] a peer that asks for many info dictionaries and takes them slowly has two read ahead', async () => {
  const clock = createManualClock();
  let read = 0;
  let taken = 0;
  const info = (): Promise<ArrayBuffer> => {
    read += 1;
    return Promise.resolve(new ArrayBuffer(8));
  };
  const library = { get: () => ({ info }) } as unknown as Library;
  const dealings = createDealings(clock, () => false);
  const showing = { onAsked: () => undefined };
  const heard = createListeners<SwarmMessage>();
  const port = {
    remote: 'a' as NodeId,
    closed: new AbortController().signal,
    onMessage: (listener: (message: SwarmMessage) => void) => heard.subscribe(listener),
    // The first is taken, and no more.
    answer: () => ((taken += 1) === 1 ? Promise.resolve() : new Promise(() => undefined)),
    tell: () => undefined,
  } as unknown as Port;
  createServer({ library, dealings, showing, clock, log: silentLog }).attach(port);
  for (let request = 1; request <= MAX_OPEN_REQUESTS; request += 1)
    heard.emit({ type: 'askInfo', root: ROOT, request });
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  // The first, the one that is not taken, and two behind that.
  expect([taken, read]).toEqual([2, 4]);
});
