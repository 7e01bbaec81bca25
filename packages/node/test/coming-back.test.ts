import { createState, silentLog, type Clock, type MutableState } from '@tabswarm/base';
import { createDht } from '@tabswarm/dht';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createMemoryDatabase } from '@tabswarm/store';
import { createPeerBook } from '@tabswarm/store/peer-book';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import type { SignalingState } from '@tabswarm/webrtc';
import { describe, expect, it } from 'vitest';
import { createHealing } from '../src/healing.ts';

const HOUR_MS = 60 * 60_000;
const OTHERS = 5;

interface World {
  readonly clock: ManualClock;
  /** The tab that goes away. */
  readonly tab: Transport;
  readonly signaling: MutableState<SignalingState>;
  /** Cuts the tab off, and loses its links as its peers would notice. */
  cutOff(): Promise<void>;
  restore(): void;
  /** From now on its timers wait. */
  fallAsleep(): void;
  wakeUp(): void;
}

/** A network of a few tabs, all linked, and one of them with all that it needs to come back. */
async function createWorld(): Promise<World> {
  const clock = createManualClock();
  const identities = await Promise.all(
    Array.from({ length: OTHERS + 1 }, async () => identityFromKeys(await generateIdentityKeys())),
  );
  const [own] = identities;
  if (!own) throw new Error('there is no first one');
  let isCutOff = false;
  let waiting: (() => void)[] | undefined;
  const sleepy: Clock = {
    now: () => clock.now(),
    after: (ms, run) => clock.after(ms, () => (waiting ? void waiting.push(run) : run())),
  };
  const network = createMemoryNetwork(clock, {
    // The others have given it up: whoever wants to come back has to do something about it.
    connectable: (from, to) => to !== own.id && !(isCutOff && from === own.id),
  });
  const nodes = identities.map((identity, index) => {
    const transport = network.transport(identity.id);
    const of = { transport, identity, clock: index === 0 ? sleepy : clock, log: silentLog };
    return { transport, dht: createDht({ ...of, random: createSeededRandom(index) }) };
  });
  for (const { transport, dht } of nodes) {
    await transport.start();
    await dht.start();
  }
  const [{ transport: tab, dht }] = nodes as [(typeof nodes)[0]];
  dht.addContacts(identities.map(({ id }) => id));
  const signaling = createState<SignalingState>({ state: 'connected' });
  const healing = createHealing({
    transport: tab,
    dht,
    signaling: { state: signaling, more: () => undefined, wake: () => undefined },
    book: createPeerBook(createMemoryDatabase()),
    onWake: () => undefined,
    clock: sleepy,
    log: silentLog,
  });
  healing.start({ signal: new AbortController().signal });
  await clock.advance(90_000);
  expect(tab.links()).toHaveLength(OTHERS);
  return {
    clock,
    tab,
    signaling,
    async cutOff() {
      isCutOff = true;
      await clock.advance(16_000);
      for (const { remote } of tab.links()) network.sever(tab.self, remote);
    },
    restore() {
      isCutOff = false;
    },
    fallAsleep() {
      waiting = [];
    },
    wakeUp() {
      const due = waiting ?? [];
      waiting = undefined;
      for (const run of due) run();
    },
  };
}

describe('a tab that was away for an hour', () => {
  it('[NT18] is linked again within 15 s of waking up', async () => {
    const { clock, tab, cutOff, restore, fallAsleep, wakeUp } = await createWorld();
    fallAsleep();
    await cutOff();
    await clock.advance(HOUR_MS);
    expect(tab.links()).toEqual([]);
    restore();
    wakeUp();
    await clock.advance(15_000);
    expect(tab.links()).toHaveLength(OTHERS);
  });

  it('[NT17] is linked again within 15 s of its server’s return, whoever it could not reach meanwhile', async () => {
    const { clock, tab, signaling, cutOff, restore } = await createWorld();
    await cutOff();
    signaling.set({ state: 'offline' });
    await clock.advance(HOUR_MS);
    expect(tab.links()).toEqual([]);
    restore();
    signaling.set({ state: 'connected' });
    await clock.advance(15_000);
    expect(tab.links()).toHaveLength(OTHERS);
  });
});
