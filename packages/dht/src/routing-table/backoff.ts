import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createBoundedMap } from '../bounded-map.ts';
import { DIAL_BACKOFF_MS, MAX_BACKOFFS, MAX_DIAL_BACKOFF_MS } from '../limits.ts';

/** Which nodes not to dial for now. Outlives the contact, so that a node named again is not dialed again at once. */
export interface Backoff {
  /** One more failure in a row: waits longer each time. Returns the failures so far. */
  failed(node: NodeId): number;
  /** Not before `ms` have passed, whatever was before. `refused`: that was its will. */
  wait(node: NodeId, ms: number, options?: { refused?: boolean }): void;
  /** Milliseconds since the Unix epoch; 0 where it may be dialed. */
  until(node: NodeId): number;
  /** Failed dials in a row. */
  failures(node: NodeId): number;
  succeeded(node: NodeId): void;
  /** Those that were lost or could not be reached may be dialed at once, as something has changed. Not who refused. */
  forgive(): void;
}

export function createBackoff(clock: Clock): Backoff {
  const entries = createBoundedMap<NodeId, { failures: number; until: number; refused: boolean }>(
    MAX_BACKOFFS,
  );
  return {
    failed(node) {
      const failures = (entries.get(node)?.failures ?? 0) + 1;
      const ms = Math.min(MAX_DIAL_BACKOFF_MS, DIAL_BACKOFF_MS * 2 ** (failures - 1));
      entries.set(node, { failures, until: clock.now() + ms, refused: false });
      return failures;
    },
    wait(node, ms, { refused = false } = {}) {
      entries.set(node, { failures: entries.get(node)?.failures ?? 0, until: clock.now() + ms, refused });
    },
    failures: (node) => entries.get(node)?.failures ?? 0,
    until: (node) => entries.get(node)?.until ?? 0,
    succeeded: (node) => entries.delete(node),
    forgive() {
      for (const [, entry] of entries.entries()) if (!entry.refused) entry.until = 0;
    },
  };
}
