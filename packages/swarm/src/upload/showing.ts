import { shuffled, type Clock, type Random } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import { MAX_HAVE_ITEMS, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { bitfieldBytes, bitsOfRanges, countBits, hasBit, setBit } from '../bitfield.ts';
import type { Holding, Library } from '../library.ts';
import type { Port } from '../port.ts';

/** Whoever is the only one after so long is shown everything. */
const ALONE_MS = 2_000;
/** Blocks shown to a newcomer; then as many ahead as it asks for in this time, and one at least. */
const FIRST_SHOWN = 2;
const AHEAD_MS = 1_000;
/** What another one has already is shown after all that nobody has, but for what is only on its way to somebody. */
const HELD_COST = 256;
/** Who keeps so many blocks more to itself than twice what others do gets no further ones before it has passed some on. */
const MIN_OWED = 2;
/** Only those are compared who asked for something new so lately: who is done, paused or idle passes nothing on. */
const ASKING_MS = 10_000;
/** Who may have nothing more by that, and has nothing left to ask for, is shown a block after so long all the same. */
const MAX_WITHHELD_MS = 15_000;
const LOOK_MS = 1_000;

/**
 * What each peer is told that we have. As long as this tab has the only complete copy, each is told of different blocks,
 * a further one for each that it asks for: so the first copy leaves here once, and peers get the rest from one another
 * (super-seeding, BEP 16). What is asked for is given whether it was shown or not.
 */
export interface Showing {
  /** The bits to join the share with, and whether there are more than these. */
  shownTo(port: Port, holding: Holding): { have: Uint8Array<ArrayBuffer>; whole: boolean };
  /** It said what it has; `indexes` are new. */
  onHave(port: Port, root: Root, indexes: readonly number[]): void;
  onAsked(port: Port, root: Root, index: number): void;
  onWant(port: Port, message: Extract<SwarmMessage, { type: 'want' }>): void;
  onLeft(port: Port, root: Root): void;
  /** The share is not here any more. */
  forget(root: Root): void;
}

interface Guest {
  readonly shown: Uint8Array<ArrayBuffer>;
  /** Shown, and not asked for. */
  readonly ahead: Set<number>;
  readonly urgent: number;
  askedAt: number[];
  /** What it asked for: again is nothing new. */
  readonly asked: Uint8Array<ArrayBuffer>;
  /** When it asked for something new, or joined. */
  lastAskedAt: number;
  /** Since when it has nothing to ask for. */
  idleSince: number | undefined;
  /** Blocks that it alone asked for, and that nobody else has yet. */
  owed: number;
  /** One bit for each block that it wants. */
  wants: Uint8Array;
}

interface Show {
  readonly holding: Holding;
  readonly blockCount: number;
  readonly guests: Map<Port, Guest>;
  /** In random order, what nobody was shown, or has any more. */
  readonly unshown: Set<number>;
  isLookedAt: boolean;
  readonly timesShown: Uint16Array;
  /** The one peer that asked for a block which nobody else had; null before anybody did, undefined after that. */
  readonly askers: (Port | null | undefined)[];
}

export interface ShowingParts {
  readonly library: Library;
  readonly clock: Clock;
  readonly random: Random;
}

export function createShowing({ library, clock, random }: ShowingParts): Showing {
  const shows = new Map<Root, Show>();
  /** A second complete copy has been seen. */
  const spread = new Set<Root>();

  /** Undefined where there is nothing to be shown block by block. */
  const showOf = (holding: Holding): Show | undefined => {
    const { root } = holding;
    const known = shows.get(root);
    if (known || spread.has(root) || !holding.isOrigin()) return known;
    const blockCount = holding.layout()?.blockLengths.length ?? 0;
    if (blockCount === 0 || countBits(holding.have()) < blockCount) return undefined;
    const all = Array.from({ length: blockCount }, (_, index) => index);
    const show: Show = {
      holding,
      blockCount,
      guests: new Map(),
      unshown: new Set(shuffled(random, all.slice(holding.layout()?.urgentBlocks ?? 0))),
      isLookedAt: false,
      timesShown: new Uint16Array(blockCount),
      askers: all.map(() => null),
    };
    shows.set(root, show);
    return show;
  };

  const guestOf = (port: Port, root: Root): [Show, Guest] | undefined => {
    const show = shows.get(root);
    const guest = show?.guests.get(port);
    return show && guest && [show, guest];
  };

  const mark = (show: Show, guest: Guest, index: number): boolean => {
    if (index >= show.blockCount || hasBit(guest.shown, index)) return false;
    setBit(guest.shown, index);
    show.unshown.delete(index);
    show.timesShown[index] = (show.timesShown[index] ?? 0) + 1;
    return true;
  };

  /** The block that does the most good with this peer: one that nobody has and nobody was shown, if there is one. */
  const choose = (show: Show, port: Port, guest: Guest): number | undefined => {
    const have = port.holdings.get(show.holding.root)?.have;
    const isUsable = (index: number): boolean =>
      !hasBit(guest.shown, index) && !hasBit(have, index) && hasBit(guest.wants, index);
    for (const index of show.unshown) if (isUsable(index)) return index;
    const others = [...show.guests.keys()].map((other) => other.holdings.get(show.holding.root)?.have);
    let best: number | undefined;
    let bestCost = Infinity;
    for (let index = 0; index < show.blockCount; index += 1) {
      if (!isUsable(index)) continue;
      const holders = others.filter((bits) => hasBit(bits, index)).length;
      const cost = holders * HELD_COST + (show.timesShown[index] ?? 0);
      if (cost >= bestCost) continue;
      best = index;
      bestCost = cost;
    }
    return best;
  };

  const topUp = (show: Show, port: Port, guest: Guest): number[] => {
    const since = clock.now() - AHEAD_MS;
    guest.askedAt = guest.askedAt.filter((at) => at > since);
    const enough = guest.askedAt.length === 0 && countBits(guest.shown) <= guest.urgent ? FIRST_SHOWN : 1;
    const more: number[] = [];
    const isOverdue = guest.idleSince !== undefined && clock.now() - guest.idleSince >= MAX_WITHHELD_MS;
    let due = isOverdue ? 1 : 0;
    while (guest.ahead.size < Math.max(enough, guest.askedAt.length)) {
      if (isKeeping(show, guest) && (due -= 1) < 0) break;
      const index = choose(show, port, guest);
      if (index === undefined) break;
      mark(show, guest, index);
      guest.ahead.add(index);
      more.push(index);
    }
    if (guest.ahead.size > 0) guest.idleSince = undefined;
    else guest.idleSince ??= clock.now();
    return more;
  };

  /** Time alone may allow a guest more. */
  const look = (show: Show): void => {
    const { root } = show.holding;
    if (shows.get(root) !== show || show.guests.size === 0) {
      show.isLookedAt = false;
      return;
    }
    for (const [port, guest] of show.guests)
      if (guest.ahead.size === 0 && countBits(guest.shown) < show.blockCount)
        tell(port, root, topUp(show, port, guest));
    clock.after(LOOK_MS, () => look(show));
  };

  /** The peer has asked for it, and is the one to pass it on where nobody else has asked. */
  const noteAsker = (show: Show, port: Port, guest: Guest, index: number): void => {
    const asker = show.askers[index];
    if (asker === null) {
      show.askers[index] = port;
      guest.owed += 1;
    } else if (asker && asker !== port) noteSpread(show, asker, index);
  };

  /** It is no longer that peer's alone. */
  const noteSpread = (show: Show, asker: Port, index: number): void => {
    show.askers[index] = undefined;
    const guest = show.guests.get(asker);
    if (!guest) return;
    guest.owed -= 1;
    tell(asker, show.holding.root, topUp(show, asker, guest));
  };

  /** Whether it keeps to itself what others pass on. */
  const isKeeping = (show: Show, guest: Guest): boolean => {
    const since = clock.now() - ASKING_MS;
    let others = 0;
    let sum = 0;
    for (const other of show.guests.values()) {
      if (other === guest || other.lastAskedAt < since) continue;
      others += 1;
      sum += other.owed;
    }
    return others > 0 && guest.owed > MIN_OWED + (2 * sum) / others;
  };

  /** All of it, and no more block by block. */
  const showAll = (show: Show, port: Port, guest: Guest): void => {
    const rest: number[] = [];
    for (let index = 0; index < show.blockCount; index += 1) if (mark(show, guest, index)) rest.push(index);
    tell(port, show.holding.root, rest);
  };

  const showAllIfAlone = (show: Show): void => {
    const [only] = show.guests;
    if (only && show.guests.size === 1) showAll(show, ...only);
  };

  return {
    shownTo(port, holding) {
      const show = showOf(holding);
      if (!show) return { have: holding.have(), whole: false };
      const urgent = holding.layout()?.urgentBlocks ?? 0;
      const known = show.guests.get(port);
      const guest = known ?? {
        shown: new Uint8Array(bitfieldBytes(show.blockCount)),
        ahead: new Set(),
        urgent,
        askedAt: [],
        asked: new Uint8Array(bitfieldBytes(show.blockCount)),
        lastAskedAt: clock.now(),
        idleSince: undefined,
        owed: 0,
        wants: bitsOfRanges([], show.blockCount),
      };
      show.guests.set(port, guest);
      for (let index = 0; index < urgent; index += 1) mark(show, guest, index);
      topUp(show, port, guest);
      if (!show.isLookedAt) {
        show.isLookedAt = true;
        clock.after(LOOK_MS, () => look(show));
      }
      // Whoever joins again is waited for already.
      if (!known)
        clock.after(ALONE_MS, () => {
          if (shows.get(holding.root) === show) showAllIfAlone(show);
        });
      return { have: guest.shown, whole: true };
    },
    onHave(port, root, indexes) {
      const holding = library.get(root);
      const show = holding && showOf(holding);
      const have = port.holdings.get(root)?.have;
      if (!show) return;
      if (countBits(have) >= show.blockCount) {
        spread.add(root);
        shows.delete(root);
        for (const [other, guest] of show.guests) showAll(show, other, guest);
        return;
      }
      const guest = show.guests.get(port);
      if (!guest) return;
      for (const index of indexes) {
        const asker = show.askers[index];
        if (asker && asker !== port) noteSpread(show, asker, index);
      }
      // What it got from others is no longer before it.
      for (const index of guest.ahead) if (hasBit(have, index)) guest.ahead.delete(index);
      tell(port, root, topUp(show, port, guest));
    },
    onAsked(port, root, index) {
      const found = guestOf(port, root);
      if (!found) return;
      const [show, guest] = found;
      if (index >= show.blockCount) return;
      guest.ahead.delete(index);
      guest.askedAt.push(clock.now());
      if (!hasBit(guest.asked, index)) guest.lastAskedAt = clock.now();
      setBit(guest.asked, index);
      noteAsker(show, port, guest, index);
      tell(port, root, topUp(show, port, guest));
    },
    onWant(port, { root, ranges, now }) {
      const found = guestOf(port, root);
      if (!found) return;
      const [show, guest] = found;
      if (now) {
        const more: number[] = [];
        for (let at = 0; at + 1 < ranges.length; at += 2) {
          const end = Math.min(ranges[at + 1] ?? 0, show.blockCount);
          for (let index = ranges[at] ?? 0; index < end; index += 1)
            if (mark(show, guest, index)) more.push(index);
        }
        tell(port, root, more);
        return;
      }
      guest.wants = bitsOfRanges(ranges, show.blockCount);
      for (const index of guest.ahead) if (!hasBit(guest.wants, index)) guest.ahead.delete(index);
      tell(port, root, topUp(show, port, guest));
    },
    onLeft(port, root) {
      const found = guestOf(port, root);
      if (!found) return;
      const [show, guest] = found;
      show.guests.delete(port);
      for (let index = 0; index < show.blockCount; index += 1) {
        if (!hasBit(guest.shown, index)) continue;
        show.timesShown[index] = (show.timesShown[index] ?? 1) - 1;
        if (show.askers[index] === port) show.askers[index] = null;
        // Nobody else was shown it: it has gone with that peer, if it ever was there.
        if (show.timesShown[index] === 0) show.unshown.add(index);
      }
      showAllIfAlone(show);
    },
    forget(root) {
      shows.delete(root);
      spread.delete(root);
    },
  };
}

function tell(port: Port, root: Root, indexes: readonly number[]): void {
  for (let at = 0; at < indexes.length; at += MAX_HAVE_ITEMS)
    port.tell({ type: 'have', root, indexes: indexes.slice(at, at + MAX_HAVE_ITEMS) });
}
