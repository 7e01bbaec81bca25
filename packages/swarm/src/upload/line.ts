import type { Clock } from '@tabswarm/base';

/** Each peer that is being served gets a part so often, well within what it takes for silence. */
const PART_EVERY_MS = 4_000;
/** Of a line of which nothing is known, so many are served. */
const FIRST_PEERS = 4;
/** More parts in that time than there are slots need not be told apart. */
const MAX_PARTS = 16;

/** How many peers the line of this tab can serve at a time, by what went over it of late. */
export interface Line {
  /** So many peers are being sent something. */
  onServing(peers: number): void;
  /** A part was handed over. */
  onPart(): void;
  peers(): number;
}

export function createLine(clock: Clock): Line {
  let parts: number[] = [];
  /** Since when there have been several to be served: what went to one alone says nothing of the line. */
  let sharedSince: number | undefined;

  const recent = (): number => {
    const since = clock.now() - PART_EVERY_MS;
    parts = parts.filter((at) => at > since).slice(-MAX_PARTS);
    return parts.length;
  };

  return {
    onServing(peers) {
      if (peers < 2) sharedSince = undefined;
      else sharedSince ??= clock.now();
    },
    onPart() {
      parts.push(clock.now());
      if (parts.length > 2 * MAX_PARTS) recent();
    },
    peers() {
      const isMeasured = sharedSince !== undefined && clock.now() - sharedSince >= PART_EVERY_MS;
      return Math.max(isMeasured ? 1 : FIRST_PEERS, recent());
    },
  };
}
