import type { NodeId } from '@tabswarm/protocol/ids';
import type { RememberedPeer } from '@tabswarm/store/peer-book';

export const MAX_REMEMBERED = 32;
/** Half of them are those seen last; the other half those whose links lasted longest, as who stayed long stays longer. */
const RECENT = MAX_REMEMBERED / 2;
/** A tab that nobody has seen for so long is not coming back under its id. */
const FORGET_MS = 14 * 24 * 60 * 60_000;

/** The book after these were seen linked, each for so long. */
export function remember(
  known: readonly RememberedPeer[],
  seen: readonly Pick<RememberedPeer, 'id' | 'linkedMs'>[],
  now: number,
): readonly RememberedPeer[] {
  const peers = new Map<NodeId, RememberedPeer>(known.map((peer) => [peer.id, peer]));
  for (const { id, linkedMs } of seen) {
    peers.set(id, { id, linkedMs: Math.max(linkedMs, peers.get(id)?.linkedMs ?? 0), seenAt: now });
  }
  // One from a clock that was ahead is as good as one of now.
  const recent = inOrder([...peers.values()].filter(({ seenAt }) => now - seenAt < FORGET_MS));
  const lasting = recent.slice(RECENT).toSorted((a, b) => b.linkedMs - a.linkedMs);
  return [...recent.slice(0, RECENT), ...lasting.slice(0, MAX_REMEMBERED - RECENT)];
}

/** In which order they are worth looking for: those seen last, and of them those that were linked longest. */
export function inOrder(peers: readonly RememberedPeer[]): readonly RememberedPeer[] {
  return peers.toSorted((a, b) => b.seenAt - a.seenAt || b.linkedMs - a.linkedMs);
}
