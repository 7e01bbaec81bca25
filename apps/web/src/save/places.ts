import { savedPaths, type NewPath } from '@tabswarm/node';
import type { SourceFile } from './source.ts';

type Path = readonly string[];

/** Says, for as long as it lies there, that the folder does not have everything yet. */
const MARKER = 'NOT COMPLETE (Tabswarm).txt';

/** Several files of a share, to be saved in a folder of their own. */
export interface FileSet {
  /** The share's, which the folder is called by. */
  readonly name: string;
  readonly files: readonly SourceFile[];
  /** Every file that the share has; absent where these are all. */
  readonly all?: readonly Path[] | undefined;
}

/**
 * Where files are saved to, in the order given, and where in their folder the marker of one that is not complete is. Names are given out among all that the share has: so a file is called the same whatever is saved along with it, and what
 * lies there from an earlier time under its name is the file and not another.
 */
export function placesOf({ name, files, all = files.map(({ path }) => path) }: FileSet): {
  readonly places: readonly NewPath[];
  readonly marker: string;
} {
  const made = savedPaths([...all, [MARKER]].map((path) => [name].concat(path)));
  const known = new Map(all.map((path, i) => [JSON.stringify(path), made[i]]));
  const places = files.map(({ path }) => {
    const place = known.get(JSON.stringify(path));
    if (!place) throw new Error('a file to save that is not in its share');
    return place;
  });
  return { places, marker: made.at(-1)?.path.at(-1) ?? MARKER };
}
