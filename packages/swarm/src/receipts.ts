import { errorText, type Clock, type Log } from '@tabswarm/base';
import type { Identity } from '@tabswarm/protocol/identity';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { isReceiptOf, signReceipt, type Receipt } from '@tabswarm/protocol/receipt';
import type { SwarmMessage } from '@tabswarm/protocol/swarm';
import { hasBit } from './bitfield.ts';
import type { Holding, Library } from './library.ts';
import type { Port } from './port.ts';

/** Receipts kept of one share, the oldest of which make room. */
const MAX_RECEIPTS = 256;
/** A link is often made for a download: that begins before the word of earlier ones. */
const AFTER_LINKING_MS = 500;

type WireReceipt = Extract<SwarmMessage, { type: 'receipt' }>;

/** Says to those who gave that all has arrived, and keeps what receivers say. */
export interface Receipts {
  /** A block of that share came from there, and was right. */
  onGiven(root: Root, by: NodeId): void;
  /** All that is wanted of the share is here: whoever gave of it is told, now or when it is linked again. */
  onDone(root: Root, ports: Iterable<Port>): void;
  /** It may have given of what is all here by now, and not know. */
  onLinked(port: Port): void;
  onReceipt(port: Port, message: WireReceipt): Promise<void>;
  of(root: Root): ReadonlyMap<NodeId, Receipt>;
  forget(root: Root): void;
}

export interface ReceiptsCollaborators {
  readonly identity: Identity;
  readonly library: Library;
  readonly clock: Clock;
  readonly log: Log;
}

export function createReceipts({ identity, library, clock, log }: ReceiptsCollaborators): Receipts {
  const givers = new Map<Root, Set<NodeId>>();
  const done = new Set<Root>();
  const received = new Map<Root, Map<NodeId, Receipt>>();
  /** Receipts that are not verified yet: one after the other of each peer. */
  const waiting = new Map<NodeId, Map<Root, WireReceipt>>();

  const send = async (port: Port, root: Root): Promise<void> => {
    const holding = library.get(root);
    if (!holding) return;
    const receipt = await signReceipt(identity, { root, ...keptOf(holding), time: clock.now() }, port.remote);
    if (!port.closed.aborted) port.tell({ type: 'receipt', ...receipt });
  };
  const sendOrLog = (port: Port, root: Root): void => {
    send(port, root).catch((cause: unknown) => log.warn('no receipt', { cause: errorText(cause) }));
  };

  const take = async (from: NodeId, wire: WireReceipt): Promise<void> => {
    const { root, bytes, whole, time } = wire;
    const known = received.get(root) ?? new Map<NodeId, Receipt>();
    if ((known.get(from)?.time ?? -1) >= time) return;
    if (!(await isReceiptOf(wire, from, identity.id))) {
      log.warn('a receipt that its sender has not signed', { peer: from });
      return;
    }
    if (!library.get(root)) return;
    known.delete(from);
    known.set(from, { root, bytes, whole, time });
    const [oldest] = known.keys();
    if (known.size > MAX_RECEIPTS && oldest !== undefined) known.delete(oldest);
    received.set(root, known);
  };

  return {
    onGiven(root, by) {
      givers.set(root, (givers.get(root) ?? new Set()).add(by));
      done.delete(root);
    },
    onDone(root, ports) {
      done.add(root);
      for (const port of ports) {
        if (givers.get(root)?.has(port.remote) === true) sendOrLog(port, root);
      }
    },
    onLinked(port) {
      const before = [...done];
      const cancel = clock.after(AFTER_LINKING_MS, () => {
        for (const root of before) {
          if (done.has(root) && givers.get(root)?.has(port.remote) === true) sendOrLog(port, root);
        }
      });
      port.closed.addEventListener('abort', cancel, { once: true });
    },
    async onReceipt({ remote }, message) {
      const isUnderWay = waiting.has(remote);
      const byRoot = waiting.get(remote) ?? new Map<Root, WireReceipt>();
      // Of each share only one waits, and only of shares that are here: so what a peer can have us verify is bounded.
      if (!library.get(message.root)) return;
      byRoot.set(message.root, message);
      waiting.set(remote, byRoot);
      if (isUnderWay) return;
      for (const [root, next] of byRoot) {
        byRoot.delete(root);
        await take(remote, next);
      }
      waiting.delete(remote);
    },
    of: (root) => received.get(root) ?? new Map<NodeId, Receipt>(),
    forget(root) {
      givers.delete(root);
      done.delete(root);
      received.delete(root);
    },
  };
}

function keptOf(holding: Holding): Pick<Receipt, 'bytes' | 'whole'> {
  const lengths = holding.layout()?.blockLengths ?? new Uint32Array();
  const have = holding.have();
  let bytes = 0;
  let blocks = 0;
  lengths.forEach((length, index) => {
    if (!hasBit(have, index)) return;
    bytes += length;
    blocks += 1;
  });
  return { bytes, whole: blocks === lengths.length };
}
