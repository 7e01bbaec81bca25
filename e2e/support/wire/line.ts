import type { SeededRandom } from '../random.ts';

/** What a line does to packets. What is left out does nothing. */
export interface LineSettings {
  /** From one end to the other, in milliseconds. */
  readonly delayMs?: number;
  /** Share of the packets that are lost at random, 0 to 1. */
  readonly loss?: number;
  /** UDP payload that leaves the line in a second. Packets wait for their turn. */
  readonly bytesPerSecond?: number;
  /** How much may wait; a packet that finds no room is dropped, as routers do. */
  readonly queueBytes?: number;
  /** Nothing comes through. */
  readonly cut?: boolean;
}

export interface LineCounts {
  readonly packets: number;
  readonly bytes: number;
  /** Packets that were lost at random, found no room, or met a line that was cut. */
  readonly dropped: number;
}

/** One direction between two tabs. */
export interface Line {
  set(settings: LineSettings): void;
  counts(): LineCounts;
  /** Calls `deliver` when the packet arrives, if it does. Packets keep their order. */
  carry(bytes: number, deliver: () => void): void;
  close(): void;
}

/** What a home router holds: some 60 ms of a line of a mebibyte a second. */
const QUEUE_BYTES = 64 * 1024;

export function createLine(random: SeededRandom, first: LineSettings = {}): Line {
  let settings = first;
  let packets = 0;
  let carried = 0;
  let dropped = 0;
  const underWay: { readonly due: number; readonly deliver: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** When the last packet that waits has left, and when it arrives. */
  let freeAt = 0;
  let lastDue = 0;

  const arm = (): void => {
    const next = underWay[0];
    if (timer ?? !next) return;
    timer = setTimeout(deliverDue, Math.max(0, next.due - performance.now()));
  };

  const deliverDue = (): void => {
    timer = undefined;
    const now = performance.now();
    for (let next = underWay[0]; next && next.due <= now; next = underWay[0]) {
      underWay.shift();
      next.deliver();
    }
    arm();
  };

  /** When a packet that comes now has left the line, or undefined where it finds no room. */
  const leave = (bytes: number, now: number): number | undefined => {
    const { bytesPerSecond, queueBytes = QUEUE_BYTES } = settings;
    if (bytesPerSecond === undefined) return now;
    const startsAt = Math.max(now, freeAt);
    if (((startsAt - now) * bytesPerSecond) / 1_000 + bytes > queueBytes) return undefined;
    freeAt = startsAt + (bytes * 1_000) / bytesPerSecond;
    return freeAt;
  };

  return {
    set(next) {
      settings = next;
      if (next.cut === true) dropped += underWay.splice(0).length;
    },
    counts: () => ({ packets, bytes: carried, dropped }),
    carry(bytes, deliver) {
      const { delayMs = 0, loss = 0, cut = false } = settings;
      const now = performance.now();
      const isLost = cut || (loss > 0 && random.number() < loss);
      const left = isLost ? undefined : leave(bytes, now);
      if (left === undefined) {
        dropped += 1;
        return;
      }
      packets += 1;
      carried += bytes;
      lastDue = Math.max(lastDue, left + delayMs);
      if (lastDue <= now && underWay.length === 0) {
        deliver();
        return;
      }
      underWay.push({ due: lastDue, deliver });
      arm();
    },
    close() {
      clearTimeout(timer);
      underWay.length = 0;
    },
  };
}
