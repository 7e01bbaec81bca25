import fc from 'fast-check';
import type { Bytes } from '../src/bytes.ts';
import type { Identity } from '../src/identity.ts';
import { generateIdentityKeys, identityFromKeys } from '../src/identity.ts';
import type { Id } from '../src/ids.ts';

export function bytesOf(limits: { minLength?: number; maxLength?: number }): fc.Arbitrary<Bytes> {
  return fc.uint8Array(limits).map((bytes) => new Uint8Array(bytes));
}

export function idOf<T extends Id>(): fc.Arbitrary<T> {
  return fc
    .string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 64, maxLength: 64 })
    .map((digits) => digits as T);
}

/** The same bytes, changed here and there, cut short or added to. */
export function mutated(bytes: Bytes): fc.Arbitrary<Bytes> {
  const position = fc.nat(Math.max(0, bytes.byteLength - 1));
  return fc.oneof(
    fc.constant(bytes),
    fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 3 }).map((changes) => {
      const out = bytes.slice();
      for (const [at, value] of changes) if (at < out.byteLength) out[at] = value;
      return out;
    }),
    position.map((end) => bytes.slice(0, end)),
    fc
      .tuple(position, bytesOf({ maxLength: 4 }))
      .map(([at, more]) => Uint8Array.from([...bytes.slice(0, at), ...more, ...bytes.slice(at)])),
    fc.tuple(position, fc.nat(8)).map(([at, count]) => {
      return Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + count)]);
    }),
  );
}

export async function newIdentity(): Promise<Identity> {
  return identityFromKeys(await generateIdentityKeys());
}
