import {
  createDeferred,
  createListeners,
  silentLog,
  type Clock,
  type Listeners,
  type Random,
} from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { toHex } from '@tabswarm/protocol/bytes';
import { compareDistance, digitAt, type NodeId } from '@tabswarm/protocol/ids';
import { identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import { createManualClock, seededKeys, type ManualClock } from '@tabswarm/testkit';
import { createMailbox, type Mailbox } from '../src/mailbox.ts';
import { createPeerIntroducer } from '../src/peer-introducer.ts';

/** An offer and an answer are signed over a fingerprint, so they need one. */
const DESCRIPTION = `v=0\r\na=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}\r\n`;
const NEAREST = 3;
const MAX_LINKS = 10;
/** Farther ones hold nobody but the nearest, in a network of this size. */
const BUCKETS = 8;
/** Time goes on in steps of one message's way. */
const TICK_MS = 50;
/** As the transport does it. */
const KNOCK_AT_MS = [0, 1_000, 2_500];

export interface SparseNode {
  readonly transport: Transport;
  /** Knocks, and goes through all that leads to a connection. Resolves with whether the answer came in time. */
  introduce(to: NodeId): Promise<boolean>;
}

export interface SparseOverlay {
  readonly clock: Pick<ManualClock, 'advance'>;
  readonly nodes: readonly SparseNode[];
  /** Introduction messages that went over links so far. */
  carried(): number;
}

export interface SparseOptions {
  readonly size: number;
  readonly random: Random;
  /** Whether the node of that number carries nothing for others. */
  readonly drops?: (node: number) => boolean;
}

/** An overlay with links to the nearest nodes, and one in each bucket as far as there is room: 6 to 10 of each. */
export async function createSparseOverlay({
  size,
  random,
  drops = () => false,
}: SparseOptions): Promise<SparseOverlay> {
  const clock = createTickingClock();
  const identities: Identity[] = [];
  while (identities.length < size) identities.push(await identityFromKeys(await seededKeys(random)));
  const droppers = new Set(identities.filter((_, node) => drops(node)).map(({ id }) => id));
  let carried = 0;
  const answered = createListeners<string>();
  const network = createMemoryNetwork(clock, {
    latencyMs: () => TICK_MS,
    maxLinks: MAX_LINKS,
    drops(_from, to, protocol) {
      if (protocol === 'introduction') carried += 1;
      return protocol === 'introduction' && droppers.has(to);
    },
  });
  const nodes = identities.map((identity) =>
    createNode(identity, network.transport(identity.id), { answered, clock, random }),
  );
  for (const { transport } of nodes) await transport.start();

  /** Each node dials one; who is full by then declines. */
  const round = async (choose: (transport: Transport) => NodeId | undefined): Promise<void> => {
    const dials = nodes.flatMap(({ transport }) => {
      const chosen = choose(transport);
      return chosen === undefined ? [] : [transport.dial(chosen)];
    });
    const settled = Promise.allSettled(dials);
    await clock.advance(200);
    await settled;
  };
  const ids = identities.map(({ id }) => id);
  for (let rank = 1; rank <= NEAREST; rank += 1) {
    await round(({ self }) => ids.toSorted((x, y) => compareDistance(self, x, y))[rank]);
  }
  for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
    await round(({ self }) => {
      const inBucket = ids.filter((id) => id !== self && sharedBits(self, id) === bucket);
      return inBucket[Math.floor(random.number() * inBucket.length)];
    });
  }
  return { clock, nodes, carried: () => carried };
}

interface Asking {
  isOffered: boolean;
  readonly done: ReturnType<typeof createDeferred<boolean>>;
}

/** `answered` hears of each session in which an answer has come to the one who offered. */
function createNode(
  identity: Identity,
  transport: Transport,
  {
    answered,
    clock,
    random,
  }: { readonly answered: Listeners<string>; readonly clock: Clock; readonly random: Random },
): SparseNode {
  const introducer = createPeerIntroducer(transport, { clock, log: silentLog });
  const waiting = new Map<NodeId, Asking>();
  /** When whoever knocked last did, by session: who knocks anew has not heard the offer. */
  const offered = new Map<string, number>();
  const mailbox: Mailbox = createMailbox({
    identity,
    introducers: [introducer],
    clock,
    log: silentLog,
    onEnvelope({ kind, from, session, time }, route) {
      const name = toHex(session);
      const asked = waiting.get(from);
      if (kind === 'knock' && time > (offered.get(name) ?? -Infinity)) {
        offered.set(name, time);
        mailbox.tell(from, route, 'offer', session, DESCRIPTION);
      } else if (kind === 'offer' && asked && !asked.isOffered) {
        asked.isOffered = true;
        mailbox.tell(from, route, 'answer', session, DESCRIPTION);
      } else if (kind === 'answer') answered.emit(name);
    },
  });
  return {
    transport,
    introduce(to) {
      const attempt = { isOffered: false, done: createDeferred<boolean>() };
      waiting.set(to, attempt);
      const session = Uint8Array.from(random.bytes(16));
      answered.subscribe((name) => {
        if (name === toHex(session)) attempt.done.resolve(true);
      });
      for (const ms of KNOCK_AT_MS) {
        clock.after(ms, () => {
          if (!attempt.isOffered) void mailbox.knock(to, session, undefined);
        });
      }
      clock.after(5_000, () => attempt.done.resolve(false));
      return attempt.done.promise;
    },
  };
}

/** A clock turned by hand on which all that falls due in one step runs together, which is what makes thousands cheap. */
function createTickingClock(): Pick<ManualClock, 'now' | 'after' | 'advance'> {
  const manual = createManualClock();
  let now = manual.now();
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      await manual.advance(0);
      for (const until = now + ms; now < until;) {
        now = Math.min(until, now + TICK_MS);
        const due = [...timers].filter(({ at }) => at <= now);
        // One may have called off another.
        for (const timer of due) if (timers.delete(timer)) timer.run();
        if (due.length > 0) await manual.advance(0);
      }
    },
  };
}

function sharedBits(a: NodeId, b: NodeId): number {
  let at = 0;
  while (a[at] === b[at]) at += 1;
  return 4 * at + Math.clz32(digitAt(a, at) ^ digitAt(b, at)) - 28;
}
