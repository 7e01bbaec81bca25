/** A file as both sides know it before a byte of it is read. */
export interface NamedFile {
  readonly path: readonly string[];
  readonly length: number;
}

/**
 * Which of the given files may be which of the wanted: by file, the number of the one given. Lengths must be equal; of
 * several the one counts whose path agrees the furthest from its end, as what was moved or renamed lies in other folders.
 * Only the hashes tell whether it is the file.
 */
export function matchFiles(wanted: readonly NamedFile[], given: readonly NamedFile[]): Map<number, number> {
  const byLength = new Map<number, number[]>();
  for (const [number, { length }] of given.entries()) {
    const alike = byLength.get(length);
    if (alike) alike.push(number);
    else byLength.set(length, [number]);
  }
  const found = new Map<number, number>();
  for (const [number, { path, length }] of wanted.entries()) {
    const best = bestOf(path, byLength.get(length) ?? [], given);
    if (length > 0 && best !== undefined) found.set(number, best);
  }
  return found;
}

/** The candidate whose path agrees best; undefined where none agrees and there are several. */
function bestOf(
  path: readonly string[],
  candidates: readonly number[],
  given: readonly NamedFile[],
): number | undefined {
  let best = candidates.length === 1 ? candidates[0] : undefined;
  let most = 0;
  for (const number of candidates) {
    const agreed = commonEnd(path, given[number]?.path ?? []);
    if (agreed <= most) continue;
    best = number;
    most = agreed;
  }
  return best;
}

function commonEnd(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < Math.min(a.length, b.length) && a.at(-1 - count) === b.at(-1 - count)) count += 1;
  return count;
}
