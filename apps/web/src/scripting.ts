import type { Limits, Node, Visibility } from '@tabswarm/node';
import type { Root } from '@tabswarm/node';
import { sourceFiles } from './dropped-files.ts';
import type { DatedEntry, LogBook } from './log-book.ts';

/** `window.tabswarm`: the page for scripts. Described in the README; part of the public surface. */
export interface Scripting {
  share(
    files: readonly File[],
    options?: { visibility?: Visibility; name?: string; signal?: AbortSignal },
  ): Promise<{ link: string; root: Root }>;
  /** Resolves when the download is complete; of `files`, their paths as for `read`, and of no others where they are given. */
  download(
    link: string,
    options?: { files?: readonly string[]; signal?: AbortSignal },
  ): Promise<{ root: Root }>;
  /** `path` as in the share, segments parted by `/`; without it the only file. */
  read(root: string, path?: string): Promise<Blob>;
  /** Links to that node through whoever can introduce it. Rejects with the reason where that cannot be. */
  connect(nodeId: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** Bytes per second for this tab, at least 16,000; what is left out has no limit. Without an argument as it is. */
  limits(limits?: Limits): Promise<Limits>;
  status(): ReturnType<typeof statusOf>;
  log(): readonly DatedEntry[];
}

declare global {
  interface Window {
    tabswarm?: Scripting;
  }
}

/** `ready` is the node once it has started; calls before that wait for it. */
export function createScripting(
  ready: Promise<Node>,
  current: () => Node | undefined,
  book: LogBook,
): Scripting {
  return {
    share: async (files, options) => (await ready).share(sourceFiles(files), options),
    download: async (link, { files, signal } = {}) =>
      (await ready).download(link, { files: files?.map((path) => path.split('/')), signal }),
    read: async (root, path) => (await ready).read(root as Root, path?.split('/')),
    connect: async (nodeId, options) => (await ready).connect(nodeId, options),
    async limits(limits) {
      const node = await ready;
      if (limits) node.setLimits(limits);
      return node.snapshot.get().limits;
    },
    status: () => statusOf(current()),
    log: () => book.entries(),
  };
}

function statusOf(node: Node | undefined) {
  const snapshot = node?.snapshot.get();
  return {
    nodeId: snapshot?.nodeId,
    signaling: snapshot?.signaling ?? 'connecting',
    peers: snapshot?.peers ?? [],
    connections: snapshot?.connections ?? { open: 0, uncollected: 0, made: 0 },
    records: snapshot?.records ?? 0,
    blocks: snapshot?.usage.blocks ?? 0,
    bytes: snapshot?.usage.bytes ?? 0,
    limits: snapshot?.limits ?? {},
    storage: snapshot?.room,
    transfers: snapshot?.transfers ?? [],
  };
}
