import { every, type Clock } from '@tabswarm/base';

const LOOK_MS = 1_000;
/** As in BEP 3: often enough to follow who gives, seldom enough for a connection to get up to speed. */
const ELECTION_MS = 10_000;
const OPTIMISTIC_MS = 30_000;
/** A peer with a slot that asks nothing for so long has no use for it now. */
const REST_MS = 5_000;
/** Where there are so many times more than there should be, that is mended before the next election. */
const MOST_OVER = 1.5;

/**
 * Who may be sent blocks, when more ask than can be served at a useful rate. Those go first who give to us, by how much
 * they gave of late; then the others in turns, which at a seeder is everybody (Adamsky et al., "Hitchhiker's Guide", on
 * round robin at seeders); last those who only take. One slot more is given for half a minute to whoever waits longest.
 */
export interface Slots<P extends WeakKey> {
  start(options: { signal: AbortSignal }): void;
  /** The peer asks for a block: whether it has a slot, if need be one that was free. */
  admit(peer: P): boolean;
  /** Nothing that it asked for is left to be sent. */
  rest(peer: P): void;
  /** The block that it was being sent is sent; what it asked for besides may be waiting. */
  finished(peer: P): void;
  leave(peer: P): void;
  /** There may be more of them now; fewer are found out about within a second. */
  recount(): void;
}

export interface SlotsParts<P> {
  readonly clock: Clock;
  /** How many there are, the optimistic one included; at least one. */
  readonly count: () => number;
  /** Above 0 where it gave of late, by how much; below 0 where it only takes. */
  readonly merit: (peer: P) => number;
  /** What it asked for waits for its word, and has for some time: meanwhile others may have its slot. */
  readonly isWithheld: (peer: P) => boolean;
  /** It waits no longer. */
  readonly onGranted: (peer: P) => void;
  /** It gets no more than the block that is being sent; answers whether there is one. */
  readonly onLost: (peer: P) => boolean;
}

interface Seat {
  restingSince: number | undefined;
  /** Lost, when the block that is being sent is through: so nothing is sent in vain. */
  ending: boolean;
}

export function createSlots<P extends WeakKey>(parts: SlotsParts<P>): Slots<P> {
  const { clock, count, merit, isWithheld, onGranted, onLost } = parts;
  const seats = new Map<P, Seat>();
  const waiting = new Set<P>();
  /** When each was last given a slot, counted; whoever never had one is before all. */
  const turns = new WeakMap<P, number>();
  let lastTurn = 0;
  let optimistic: P | undefined;
  let optimisticSince = 0;
  let electedAt = 0;

  const isBefore = (a: P, b: P): number => merit(b) - merit(a) || (turns.get(a) ?? 0) - (turns.get(b) ?? 0);

  const take = (peer: P): Seat => {
    turns.set(peer, (lastTurn += 1));
    waiting.delete(peer);
    const seat = { restingSince: undefined, ending: false };
    seats.set(peer, seat);
    return seat;
  };

  const fill = (): void => {
    while (seats.size < count() && waiting.size > 0) {
      const next = optimistic && waiting.has(optimistic) ? optimistic : [...waiting].toSorted(isBefore)[0];
      if (!next) return;
      take(next).restingSince = clock.now();
      onGranted(next);
    }
  };

  const release = (peer: P): void => {
    seats.delete(peer);
    fill();
  };

  const elect = (): void => {
    electedAt = clock.now();
    const contenders = [...seats.keys(), ...waiting].toSorted(isBefore);
    if (contenders.length <= count()) return;
    const elected = new Set(contenders.slice(0, Math.max(1, count() - 1)));
    for (const peer of elected) if (seats.has(peer)) turns.set(peer, (lastTurn += 1));
    if (count() > 1) {
      const isOver = clock.now() - optimisticSince >= OPTIMISTIC_MS;
      if (!optimistic || isOver || elected.has(optimistic) || !contenders.includes(optimistic)) {
        optimistic = contenders
          .filter((peer) => !elected.has(peer))
          .toSorted((a, b) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0))[0];
        optimisticSince = clock.now();
      }
      if (optimistic) elected.add(optimistic);
    }
    for (const [peer, seat] of [...seats]) {
      if (elected.has(peer) || seat.ending) continue;
      seat.ending = onLost(peer);
      if (!seat.ending) seats.delete(peer);
      if (seat.restingSince === undefined) waiting.add(peer);
    }
    fill();
  };

  const look = (): void => {
    for (const [peer, { restingSince }] of [...seats]) {
      if (restingSince !== undefined && clock.now() - restingSince >= REST_MS) seats.delete(peer);
    }
    if (waiting.size > 0) {
      for (const peer of [...seats.keys()].filter((one) => isWithheld(one))) {
        onLost(peer);
        seats.delete(peer);
      }
    }
    const sitting = [...seats.values()].filter(({ ending }) => !ending).length;
    if (clock.now() - electedAt >= ELECTION_MS || sitting > MOST_OVER * count()) elect();
    fill();
  };

  return {
    start: ({ signal }) => every(clock, () => LOOK_MS, look, { signal }),
    admit(peer) {
      const seat = seats.get(peer);
      if (seat && !seat.ending) {
        seat.restingSince = undefined;
        return true;
      }
      if (!seat && seats.size < count()) {
        take(peer);
        return true;
      }
      if (waiting.size === 0) electedAt = clock.now();
      waiting.add(peer);
      return false;
    },
    rest(peer) {
      const seat = seats.get(peer);
      if (seat?.ending === true) release(peer);
      else if (seat) seat.restingSince = clock.now();
    },
    finished(peer) {
      if (seats.get(peer)?.ending === true) release(peer);
    },
    leave(peer) {
      waiting.delete(peer);
      if (optimistic === peer) optimistic = undefined;
      if (seats.delete(peer)) fill();
    },
    recount() {
      if (waiting.size > 0) fill();
    },
  };
}
