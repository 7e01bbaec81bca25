/** Randomness as a collaborator: the system's own in the product, a seeded one in tests. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A number in [0, 1). */
  number(): number;
}

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  number: () => Math.random(),
};

/** An integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.number() * bound);
}

/** A new array with the same items in random order (Fisher-Yates). */
export function shuffled<T>(random: Random, items: Iterable<T>): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i -= 1) {
    const j = randomInt(random, i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
