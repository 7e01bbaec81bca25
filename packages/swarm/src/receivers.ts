import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Receipt } from '@tabswarm/protocol/receipt';
import { countBits } from './bitfield.ts';
import type { Library } from './library.ts';
import type { Port } from './port.ts';
import type { Receipts } from './receipts.ts';
import type { Upload } from './upload/server.ts';

/** Receivers of one share that have left and are still told of, the oldest of which make room. */
const MAX_GONE = 64;

/** Somebody who takes part in a share that we give. */
export interface Receiver {
  readonly peer: NodeId;
  /** Sent to it while this tab is open, and per second now. */
  readonly bytes: number;
  readonly rate: number;
  /** 0 to 1: how much of the share's blocks it says that it holds. */
  readonly progress: number;
  /** Whether it is still linked. */
  readonly linked: boolean;
  /** What it signed when it had all that it wanted. */
  readonly receipt: Receipt | undefined;
}

/** Who takes part in our shares, also after they have left. */
export interface Receivers {
  /** To be called before the server hears of the link, whose end it must see first. */
  attach(port: Port): void;
  of(root: Root): readonly Receiver[];
  forget(root: Root): void;
}

export interface ReceiversCollaborators {
  readonly library: Library;
  readonly receipts: Pick<Receipts, 'of'>;
  readonly uploads: (root: Root) => readonly Upload[];
}

type Gone = Pick<Receiver, 'bytes' | 'progress'>;

export function createReceivers({ library, receipts, uploads }: ReceiversCollaborators): Receivers {
  const ports = new Set<Port>();
  const gone = new Map<Root, Map<NodeId, Gone>>();

  const progressOf = (port: Port, root: Root): number => {
    const blocks = library.get(root)?.layout()?.blockLengths.length ?? 0;
    const have = port.holdings.get(root)?.have;
    return have && blocks > 0 ? Math.min(1, countBits(have) / blocks) : 0;
  };

  const remember = (port: Port): void => {
    for (const root of port.holdings.keys()) {
      const bytes = uploads(root).find(({ peer }) => peer === port.remote)?.bytes ?? 0;
      const others = gone.get(root) ?? new Map<NodeId, Gone>();
      const before = others.get(port.remote)?.bytes ?? 0;
      if (bytes + before === 0) continue;
      others.delete(port.remote);
      others.set(port.remote, { bytes: bytes + before, progress: progressOf(port, root) });
      const [oldest] = others.keys();
      if (others.size > MAX_GONE && oldest !== undefined) others.delete(oldest);
      gone.set(root, others);
    }
  };

  return {
    attach(port) {
      ports.add(port);
      port.closed.addEventListener('abort', () => {
        remember(port);
        ports.delete(port);
      });
    },
    of(root) {
      const sent = new Map(uploads(root).map((upload) => [upload.peer, upload]));
      const signed = receipts.of(root);
      const here = [...ports].filter((port) => port.holdings.has(root));
      const linked = here.map((port): Receiver => {
        const peer = port.remote;
        return {
          peer,
          bytes: (sent.get(peer)?.bytes ?? 0) + (gone.get(root)?.get(peer)?.bytes ?? 0),
          rate: sent.get(peer)?.rate ?? 0,
          progress: progressOf(port, root),
          linked: true,
          receipt: signed.get(peer),
        };
      });
      const present = new Set(linked.map(({ peer }) => peer));
      const left = [...(gone.get(root) ?? [])]
        .filter(([peer]) => !present.has(peer))
        .map(([peer, { bytes, progress }]): Receiver => ({
          peer,
          bytes,
          rate: 0,
          progress,
          linked: false,
          receipt: signed.get(peer),
        }));
      return [...linked, ...left];
    },
    forget: (root) => void gone.delete(root),
  };
}
