import { randomInt, shuffled, type Clock, type Random } from '@tabswarm/base';
import { CLOSEST_COUNT, MAX_LINKS } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import { closest, countNearer } from '../distance.ts';
import { DIAL_YIELD_MS, GOSSIP_DELAY_MS, HELLO_NEAREST, HELLO_OTHERS } from '../limits.ts';
import type { Neighbour } from '../rpc/neighbour.ts';
import type { Contacts } from './contacts.ts';
import { isSmallNetwork, type LinkPolicy } from './link-policy.ts';
import type { RoutingTable } from './table.ts';

/** How neighbours learn of one another's neighbours. */
export interface Gossip {
  /** A neighbour says whom it is linked to. */
  heard(from: Neighbour, links: readonly NodeId[]): void;
  /** Of our links those that a node should hear of when it becomes linked to us. */
  worthTelling(to: NodeId): NodeId[];
  /** A node has become our neighbour: those who should know are told soon. */
  joined(neighbour: Neighbour): void;
  /** Tells one neighbour of all our links again, in case something was missed. */
  repeat(): void;
}

export interface GossipParts {
  readonly table: RoutingTable;
  readonly contacts: Contacts;
  readonly policy: LinkPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** There may be somebody new to dial. */
  readonly onContacts: () => void;
}

export function createGossip(parts: GossipParts, { signal }: { signal: AbortSignal }): Gossip {
  const { table, contacts, policy, clock, random, onContacts } = parts;
  const { self } = table;
  const fresh = new Set<Neighbour>();
  let cancel: (() => void) | undefined;
  signal.addEventListener('abort', () => cancel?.(), { once: true });

  /** Whether it falls to us to tell `to` of `fresh`: in a mesh each newcomer is told of once, not once per pair. */
  const shouldTell = (to: Neighbour, newcomer: Neighbour): boolean => {
    if (to === newcomer || to.peers.has(newcomer.id) || newcomer.peers.has(to.id)) return false;
    if (isSmallNetwork(policy, table, contacts)) {
      // A node linked to both has told, or will: it heard of them when their links to it opened.
      return ![...newcomer.peers].some((peer) => peer !== self && to.peers.has(peer));
    }
    return countNearer(to.id, newcomer.id, table.ids(), CLOSEST_COUNT) < CLOSEST_COUNT;
  };

  const flush = (): void => {
    cancel = undefined;
    const newcomers = [...fresh].filter((neighbour) => table.get(neighbour.id) === neighbour);
    fresh.clear();
    for (const to of table.all()) {
      const links = newcomers.filter((newcomer) => shouldTell(to, newcomer)).map(({ id }) => id);
      if (links.length > 0) to.send({ type: 'contacts', links: links.slice(0, MAX_LINKS) });
    }
  };

  return {
    worthTelling(to) {
      const links = [...table.ids()];
      if (isSmallNetwork(policy, table, contacts)) return links.slice(0, MAX_LINKS);
      const nearest = new Set(closest(to, links, HELLO_NEAREST));
      const others = shuffled(
        random,
        links.filter((id) => !nearest.has(id)),
      );
      return [...nearest, ...others.slice(0, HELLO_OTHERS)];
    },
    heard(from, told) {
      const links = told.filter(() => from.allowance.mayTell());
      from.addPeers(links);
      const now = clock.now();
      const bothKnow = isSmallNetwork(policy, table, contacts);
      for (const node of links) {
        if (node === self || table.has(node)) continue;
        // In a small network the other one hears of us too; one of the two waits, so that one dial makes the link.
        const dialAfter = bothKnow && !dialsFirst(self, node) ? now + DIAL_YIELD_MS : now;
        contacts.learn(node, { via: from.id, dialAfter });
      }
      onContacts();
    },
    joined(neighbour) {
      fresh.add(neighbour);
      cancel ??= clock.after(GOSSIP_DELAY_MS, flush);
    },
    repeat() {
      const all = [...table.all()];
      all[randomInt(random, all.length)]?.send({
        type: 'contacts',
        links: [...table.ids()].slice(0, MAX_LINKS),
      });
    },
  };
}

/** Which of two nodes dials, where both want to: one of them, and each node in about half of its pairs. */
function dialsFirst(self: NodeId, other: NodeId): boolean {
  const parity = (self.charCodeAt(self.length - 1) + other.charCodeAt(other.length - 1)) % 2;
  return self < other === (parity === 0);
}
