import { MAX_LINKS } from '@tabswarm/protocol/dht';
import { SMALL_NETWORK_NODES, TARGET_LINKS } from '../limits.ts';
import type { Contacts } from './contacts.ts';
import type { RoutingTable } from './table.ts';

/** How many links a tab keeps. A phone has fewer to give. */
export interface LinkPolicy {
  /** Links to dial for. */
  readonly target: number;
  /** Links at most, whoever asked for them; no more than the protocol's MAX_LINKS. */
  readonly max: number;
  /** Below so many known nodes, this one included, a tab is linked to everybody. */
  readonly smallNetwork: number;
}

export const DEFAULT_LINK_POLICY: LinkPolicy = {
  target: TARGET_LINKS,
  max: MAX_LINKS,
  smallNetwork: SMALL_NETWORK_NODES,
};

/** Everybody knows everybody. */
export function isSmallNetwork(policy: LinkPolicy, table: RoutingTable, contacts: Contacts): boolean {
  return table.size + contacts.size + 1 < policy.smallNetwork;
}

/** Throws a RangeError for numbers that contradict one another. */
export function checkedPolicy(policy: LinkPolicy): LinkPolicy {
  const { target, max, smallNetwork } = policy;
  const whole = [target, max, smallNetwork].every((count) => Number.isInteger(count) && count > 0);
  if (!whole || target > max || max > MAX_LINKS || smallNetwork > max + 1) {
    throw new RangeError(`impossible link counts: ${target}, ${max}, ${smallNetwork}`);
  }
  return policy;
}
