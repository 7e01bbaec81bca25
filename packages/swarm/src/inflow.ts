import type { Clock } from '@tabswarm/base';
import { PART_BYTES } from '@tabswarm/protocol/swarm';
import { createBudget } from './budget.ts';
import type { Port } from './port.ts';

/** What may come is shared out so often: smooth, and few messages. */
const TURN_MS = 100;
/** Under a limit so much is asked for ahead, in seconds of it; or else one block, however large. */
const AHEAD_SECONDS = 2;

/** Keeps what is received under the user's limit: sources send no more than they are allowed to, part by part in turns. */
export interface Inflow {
  /** Bytes per second for all shares together; undefined: none. */
  setLimit(bytesPerSecond: number | undefined): void;
  attach(port: Port): void;
  /** One that fetches a share; `onRoom` is told when more may be asked for than before. */
  claim(onRoom: () => void): Claim;
}

export interface Claim {
  /** Whether a block more may be asked for, with so many bytes asked for and not here. */
  mayAsk(outstanding: number): boolean;
  release(): void;
}

export function createInflow(clock: Clock): Inflow {
  const budget = createBudget(clock);
  /** In the order of their turns. */
  const ports = new Set<Port>();
  const claims = new Set<() => void>();

  let cancelTurn: (() => void) | undefined;

  const share = (): void => {
    cancelTurn = clock.after(TURN_MS, share);
    const grants = new Map<Port, number>();
    const wanting = [...ports].filter((port) => needs(port) > 0);
    for (let at = 0; wanting.length > 0; at = (at + 1) % wanting.length) {
      const port = wanting[at];
      if (!port) break;
      const granted = grants.get(port) ?? 0;
      const bytes = Math.min(PART_BYTES, needs(port) - granted);
      if (bytes > budget.left()) break;
      budget.spend(bytes);
      grants.set(port, granted + bytes);
      // Whoever had its turn is behind the others the next time.
      ports.delete(port);
      ports.add(port);
      if (needs(port) - granted - bytes <= 0) wanting.splice(at--, 1);
    }
    for (const [port, bytes] of grants) port.allow(bytes);
  };

  return {
    setLimit(bytesPerSecond) {
      budget.setRate(bytesPerSecond);
      cancelTurn?.();
      if (bytesPerSecond !== undefined) share();
      for (const port of ports) {
        if (bytesPerSecond === undefined) port.allow(undefined);
        else if (port.allowed() === undefined) port.allow(0);
      }
      for (const onRoom of claims) onRoom();
    },
    attach(port) {
      ports.add(port);
      if (budget.rate() !== undefined) port.allow(0);
      port.closed.addEventListener('abort', () => ports.delete(port));
    },
    claim(onRoom) {
      claims.add(onRoom);
      return {
        mayAsk(outstanding) {
          const rate = budget.rate();
          if (rate === undefined || outstanding <= 0) return true;
          return outstanding < (rate * AHEAD_SECONDS) / claims.size;
        },
        release: () => claims.delete(onRoom),
      };
    },
  };
}

/** Bytes of blocks that it owes us and may not send yet. */
function needs(port: Port): number {
  return port.owed() - (port.allowed() ?? Infinity);
}
