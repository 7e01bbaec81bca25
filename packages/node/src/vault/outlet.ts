import { proveRange, rangeSize, type FileTree } from '@tabswarm/content';
import type { Stores } from '@tabswarm/store';
import type { Vault } from '../vault.ts';
import type { Holdings } from './holdings.ts';
import { treeOf, type Metainfo } from './metainfo.ts';
import { findFile, readFile, readSlice } from './open-file.ts';

/** Hash trees kept at hand: a newcomer asks for one range of a file after another. */
const CACHED_TREES = 4;

/** What others are served with, and what the owner reads. */
export type Outlet = Pick<Vault, 'info' | 'hashes' | 'block' | 'read' | 'slice'>;

export function createOutlet({ blocks, shares }: Stores, holdings: Holdings): Outlet {
  const trees: { readonly metainfo: Metainfo; readonly file: number; readonly tree: FileTree }[] = [];

  const cachedTree = (metainfo: Metainfo, file: number): FileTree | undefined => {
    const at = trees.findIndex((entry) => entry.metainfo === metainfo && entry.file === file);
    const [cached] = at < 0 ? [] : trees.splice(at, 1);
    const tree = cached?.tree ?? treeOf(metainfo, file);
    if (tree) trees.push({ metainfo, file, tree });
    if (trees.length > CACHED_TREES) trees.shift();
    return tree;
  };

  return {
    info: (root) => (holdings.get(root) ? shares.info(root) : Promise.resolve(undefined)),

    hashes(root, range) {
      const metainfo = holdings.get(root)?.metainfo;
      if (!metainfo || rangeSize(metainfo.info, range) === 0) return Promise.resolve(undefined);
      const tree = cachedTree(metainfo, range.file);
      return Promise.resolve(tree && proveRange(tree, range).buffer);
    },

    block(root, index) {
      const id = holdings.get(root)?.metainfo?.ids[index];
      return id === undefined ? Promise.resolve(undefined) : blocks.get(id);
    },

    async read(root, path) {
      const share = holdings.find(root);
      return readFile(blocks, share, findFile(share, path));
    },

    async slice(root, path, range) {
      const share = holdings.find(root);
      return readSlice(blocks, share, findFile(share, path), range);
    },
  };
}
