import { MAX_NAME_BYTES, safeName } from './path.ts';
import { renamePaths, type NameRule, type NewPath } from './rename-paths.ts';

/** Names that differ in case only are two: whoever saves them sees to it that they stay two. */
const RULE: NameRule = {
  room: Infinity,
  limit: () => MAX_NAME_BYTES,
  name(name) {
    const safe = safeName(name);
    return { name: safe, changes: safe === name ? [] : ['characters'] };
  },
  key: (name) => name,
};

/** What the files that somebody shares are called in the share, one path for each, in the order given. */
export function sharedPaths(paths: readonly (readonly string[])[]): NewPath[] {
  return renamePaths(paths, RULE);
}
