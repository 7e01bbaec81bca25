import { ProtocolError } from '@tabswarm/protocol/error';
import { PART_BYTES, type Part } from '@tabswarm/protocol/swarm';

/** Puts the parts of one answer together, in whatever order they come. */
export interface Assembly {
  /** True when the answer is whole. Throws a ProtocolError for a part that does not fit the others. */
  add(part: Part): boolean;
  /** The whole answer; only once `add` has said so. */
  bytes(): ArrayBuffer;
}

/** `expected` is the answer's exact length, or the most it may have. */
export function createAssembly(expected: { readonly exact: number } | { readonly max: number }): Assembly {
  let whole: Uint8Array<ArrayBuffer> | undefined;
  let arrived = new Set<number>();

  return {
    add({ total, offset, payload }) {
      const fits = 'exact' in expected ? total === expected.exact : total <= expected.max;
      if (!fits || (whole && whole.byteLength !== total)) {
        throw new ProtocolError('malformed', `an answer of ${total} bytes that was not asked for`);
      }
      if (arrived.has(offset)) throw new ProtocolError('malformed', 'a part sent twice');
      whole ??= new Uint8Array(total);
      whole.set(payload, offset);
      arrived.add(offset);
      const complete = arrived.size === Math.max(1, Math.ceil(total / PART_BYTES));
      if (complete) arrived = new Set();
      return complete;
    },
    bytes: () => whole?.buffer ?? new ArrayBuffer(0),
  };
}
