import type { Node, Root, TransferView } from '@tabswarm/node';
import { useMemo, useSyncExternalStore } from 'react';
import type { SaveView, Saves } from './save/saves.ts';

/** What of this share is being saved, and how to save files of it. */
export function useSaves(
  { node, saves }: { readonly node: Node; readonly saves: Saves },
  root: Root | undefined,
): {
  readonly views: readonly SaveView[];
  readonly save: (transfer: TransferView, files: TransferView['files']) => Promise<void>;
} {
  const all = useSyncExternalStore(saves.views.subscribe, saves.views.get);
  const views = useMemo(() => all.filter((view) => view.root === root), [all, root]);
  const save = async (transfer: TransferView, files: TransferView['files']): Promise<void> => {
    if (!root) return;
    await saves.save({
      root,
      name: transfer.name,
      all: transfer.files.map(({ path }) => path),
      files: files.map(({ path, length, type = '' }) => ({
        path,
        length,
        type,
        open: ({ signal }) => node.stream(root, path, { signal }),
      })),
    });
  };
  return { views, save };
}
