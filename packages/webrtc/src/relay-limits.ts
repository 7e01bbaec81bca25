import { createTokenBucket, type Clock, type TokenBucket } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createRecent } from './recent.ts';

/*
 * What others may have carried through this tab. An introduction takes about ten envelopes in each direction, most of
 * them of some hundred bytes, within a few seconds: that is easy to have, and more is traffic, for which nobody is to
 * be used. Whoever asks for too much loses what is too much, not its link, as it may be only the last one on the way.
 */

/** What one peer hands over, its own and others'. */
const LINK_PER_SECOND = 20;
const LINK_BURST = 120;
const LINK_BYTES_PER_SECOND = 32 * 1024;
const LINK_BYTES_BURST = 256 * 1024;
/** From one node, to whomever: a newcomer dials 32 nodes in one go and 10 a minute from then on. */
const ORIGIN_PER_SECOND = 3;
const ORIGIN_BURST = 320;
/** From one node to one other: two introductions at once, and then one every 20 s. */
const PAIR_PER_SECOND = 0.5;
const PAIR_BURST = 24;
const PAIR_BYTES_PER_SECOND = 1024;
const PAIR_BYTES_BURST = 48 * 1024;
/**
 * For others in all, forged ones included, as each costs a signature to verify, about 0.3 ms: a hostile neighbourhood
 * takes 3 % of a core with these. What it sends to this tab itself is bounded by its links only, so that it cannot keep
 * others from knocking: twice a signature each, 1.2 % of a core for a link.
 */
const TOTAL_PER_SECOND = 100;
const TOTAL_BURST = 600;

/** Longer than any of the buckets above takes to fill. */
const MEMORY_MS = 120_000;
const MEMORY_ENTRIES = 1_024;

interface Allowance {
  readonly envelopes: TokenBucket;
  readonly bytes?: TokenBucket | undefined;
}

export interface RelayLimits {
  /** For one link: whether it may hand over another envelope of so many bytes. */
  forLink(): (bytes: number) => boolean;
  /** Whether one more may be carried for anybody. Asked before its signature is verified, as that is what it costs. */
  forAnybody(): boolean;
  /** Takes from the allowances of this envelope, whose sender is proven. Returns which of them is used up, if one is. */
  refusal(envelope: {
    readonly from: NodeId;
    readonly to: NodeId;
    readonly bytes: number;
  }): 'origin' | 'pair' | undefined;
}

export function createRelayLimits(clock: Clock): RelayLimits {
  const memory = { ms: MEMORY_MS, entries: MEMORY_ENTRIES };
  const origins = createRecent<NodeId, Allowance>(clock, memory);
  const pairs = createRecent<string, Allowance>(clock, memory);
  const total = createTokenBucket(clock, TOTAL_PER_SECOND, TOTAL_BURST);

  const newLink = (): Allowance => ({
    envelopes: createTokenBucket(clock, LINK_PER_SECOND, LINK_BURST),
    bytes: createTokenBucket(clock, LINK_BYTES_PER_SECOND, LINK_BYTES_BURST),
  });
  const newOrigin = (): Allowance => ({
    envelopes: createTokenBucket(clock, ORIGIN_PER_SECOND, ORIGIN_BURST),
  });
  const newPair = (): Allowance => ({
    envelopes: createTokenBucket(clock, PAIR_PER_SECOND, PAIR_BURST),
    bytes: createTokenBucket(clock, PAIR_BYTES_PER_SECOND, PAIR_BYTES_BURST),
  });

  return {
    forLink() {
      const allowance = newLink();
      return (bytes) => take(allowance, bytes);
    },
    forAnybody: () => total.take(),
    refusal({ from, to, bytes }) {
      const pairKey = `${from} ${to}`;
      const pair = pairs.get(pairKey) ?? newPair();
      pairs.set(pairKey, pair);
      if (!take(pair, bytes)) return 'pair';
      const origin = origins.get(from) ?? newOrigin();
      origins.set(from, origin);
      return take(origin, bytes) ? undefined : 'origin';
    },
  };
}

function take({ envelopes, bytes }: Allowance, size: number): boolean {
  return envelopes.take() && (bytes?.take(size) ?? true);
}
