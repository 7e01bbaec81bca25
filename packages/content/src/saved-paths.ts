import { renamePaths, type NameRule, type NewPath } from './rename-paths.ts';
import { MAX_SAVED_NAME_BYTES, nameKey, savedName } from './saved-name.ts';

/** macOS takes 1,024 bytes in all; the rest is for the folder that was chosen. */
const MAX_SAVED_PATH_BYTES = 800;
/** As little as a name may have to make do with in a deep folder. 32 of them, and what parts them, fit in. */
const MIN_NAME_BYTES = 16;

const RULE: NameRule = {
  room: MAX_SAVED_PATH_BYTES,
  limit(room, levelsBelow) {
    const rest = room - levelsBelow * (MIN_NAME_BYTES + 1);
    return Math.max(MIN_NAME_BYTES, Math.min(MAX_SAVED_NAME_BYTES, rest));
  },
  name: savedName,
  key: nameKey,
};

/**
 * Where the files of a share are saved, one path for each, in the order given, relative to the folder that was chosen and
 * never outside it: names that every system in use can hold, no two of which any system takes for the same. What is like
 * that already stays as it is.
 */
export function savedPaths(paths: readonly (readonly string[])[]): NewPath[] {
  return renamePaths(paths, RULE);
}
