import type { Clock, Log } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import {
  blockQuestions,
  MAX_INFO_BYTES,
  MAX_OPEN_REQUESTS,
  type RefusalReason,
  type SwarmQuestion,
} from '@tabswarm/protocol/swarm';
import type { Library } from '../library.ts';
import { createMeter, type Meter } from '../meter.ts';
import type { Port } from '../port.ts';
import type { Dealings } from './dealings.ts';
import { createLane, type Lane } from './lane.ts';
import { createLine } from './line.ts';
import { createPacer } from './pacer.ts';
import type { Showing } from './showing.ts';
import { createSlots } from './slots.ts';

/** Peers that are sent blocks at a time, one of them for trying out. */
const SLOTS = 8 + 1;
/** A peer that lets a block wait for so long, as it has said how much it will take, needs its slot less than others do. */
const WITHHELD_MS = 5_000;
/** Under a limit there are no more of them than get a part of 64 KiB every four seconds, or they would look stalled. */
const MIN_SLOT_BYTES_PER_SECOND = 16 * 1024;

/** Answers the questions of peers from the library. */
export interface Server {
  start(options: { signal: AbortSignal }): void;
  attach(port: Port): void;
  /** Bytes per second for all peers and shares together; undefined: none. */
  setLimit(bytesPerSecond: number | undefined): void;
  /** What each peer is being sent of a share. */
  uploads(root: Root): readonly Upload[];
}

export interface Upload {
  readonly peer: NodeId;
  readonly bytes: number;
  /** Bytes per second. */
  readonly rate: number;
}

export interface ServerParts {
  readonly library: Library;
  readonly dealings: Dealings;
  readonly showing: Pick<Showing, 'onAsked'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createServer({ library, dealings, showing, clock, log }: ServerParts): Server {
  /** By share, then by peer. */
  const meters = new Map<Root, Map<NodeId, Meter>>();
  /** Blocks that were asked for, by link. */
  const lanes = new Map<Port, Lane>();
  /** Since when a peer has not said that more may be sent to it. */
  const withheldSince = new Map<Port, number>();
  let limit: number | undefined;

  const isWithheld = (port: Port): boolean =>
    clock.now() - (withheldSince.get(port) ?? Infinity) >= WITHHELD_MS;

  const pacer = createPacer(clock, dealings.isRider);
  const line = createLine(clock);
  const countServed = (): number => {
    let served = 0;
    for (const [port, lane] of lanes) if (lane.isBusy() && !isWithheld(port)) served += 1;
    return served;
  };
  const slots = createSlots<Port>({
    clock,
    count: () =>
      Math.max(1, Math.min(SLOTS, line.peers(), Math.floor((limit ?? Infinity) / MIN_SLOT_BYTES_PER_SECOND))),
    merit: ({ remote }) => (dealings.isRider(remote) ? -1 : dealings.given(remote)),
    isWithheld,
    onGranted: (port) => port.tell({ type: 'unchoke' }),
    onLost(port) {
      const lane = lanes.get(port);
      for (const { request } of lane?.drain() ?? []) refuse(port, request, 'choked');
      return lane?.isBusy() === true;
    },
  });

  const meterFor = (root: Root, peer: NodeId): Meter => {
    const byPeer = meters.get(root) ?? new Map<NodeId, Meter>();
    meters.set(root, byPeer);
    const meter = byPeer.get(peer) ?? createMeter(clock);
    byPeer.set(peer, meter);
    return meter;
  };

  const find = (question: SwarmQuestion): Promise<ArrayBuffer | undefined> => {
    const holding = library.get(question.root);
    if (!holding) return Promise.resolve(undefined);
    switch (question.type) {
      case 'askInfo':
        return holding.info();
      case 'askHashes':
        return holding.hashes({ file: question.file, first: question.first, count: question.count });
      default:
        return holding.block(question.index);
    }
  };

  const bytesOf = (question: SwarmQuestion): number => {
    // Of what needs no slot little is read ahead: whoever asks may never take it.
    if (question.type !== 'askBlock') return MAX_INFO_BYTES;
    return library.get(question.root)?.layout()?.blockLengths[question.index] ?? 0;
  };

  const attach = (port: Port): void => {
    const onAbsent = ({ request, root }: SwarmQuestion): void => {
      refuse(port, request, 'absent');
      if (!library.get(root)) port.tell({ type: 'unknown', root });
    };
    const common = { port, bytesOf, find, onAbsent, log };
    const blocks = createLane({
      ...common,
      async send(question, bytes, signal) {
        const meter = meterFor(question.root, port.remote);
        await port.answer(question.request, bytes, signal, {
          onWithheld(isWaiting) {
            if (isWaiting) withheldSince.set(port, clock.now());
            else withheldSince.delete(port);
          },
          mayGo: (length, left) => pacer.take({ peer: port.remote, bytes: length, left }, signal),
          onPart(sent) {
            meter.add(sent);
            line.onServing(countServed());
            line.onPart();
            slots.recount();
            dealings.onTaken(port.remote, sent, bytes.byteLength);
          },
        });
        if (question.type === 'askBlock') dealings.onBlockTaken(port, question.root, question.index);
      },
      onAnswered(_, isIdle) {
        line.onServing(countServed() - (isIdle ? 1 : 0));
        if (isIdle) slots.rest(port);
        else slots.finished(port);
      },
    });
    lanes.set(port, blocks);
    /** What is asked before blocks can be: little, so nobody waits for it behind blocks or for a slot. */
    const preliminaries = createLane({
      ...common,
      async send(question, bytes, signal) {
        const meter = meterFor(question.root, port.remote);
        await port.answer(question.request, bytes, signal, {
          onPart(sent) {
            meter.add(sent);
            pacer.charge(sent);
          },
        });
      },
      onAnswered: () => undefined,
    });

    const onQuestion = (question: SwarmQuestion): void => {
      const { request, root } = question;
      if (blocks.size() + preliminaries.size() >= MAX_OPEN_REQUESTS) refuse(port, request, 'busy');
      else if (question.type !== 'askBlock') preliminaries.push(question);
      else if (slots.admit(port)) {
        showing.onAsked(port, root, question.index);
        blocks.push(question);
      } else refuse(port, request, 'choked');
    };

    port.onMessage((message) => {
      if (message.type === 'cancel') {
        blocks.cancel(message.request);
        preliminaries.cancel(message.request);
      } else if (message.type === 'askBlocks') blockQuestions(message).forEach(onQuestion);
      else if (message.type === 'askInfo' || message.type === 'askHashes' || message.type === 'askBlock')
        onQuestion(message);
    });
    port.closed.addEventListener('abort', () => {
      blocks.clear();
      preliminaries.clear();
      lanes.delete(port);
      withheldSince.delete(port);
      slots.leave(port);
      pacer.forget(port.remote);
      for (const [root, byPeer] of meters) {
        byPeer.delete(port.remote);
        if (byPeer.size === 0) meters.delete(root);
      }
    });
  };

  return {
    start: ({ signal }) => slots.start({ signal }),
    attach,
    setLimit(bytesPerSecond) {
      limit = bytesPerSecond;
      pacer.setLimit(limit);
      slots.recount();
    },
    uploads: (root) =>
      [...(meters.get(root) ?? [])].map(([peer, meter]) => ({
        peer,
        bytes: meter.total(),
        rate: meter.rate(),
      })),
  };
}

function refuse(port: Port, request: number, reason: RefusalReason): void {
  port.tell({ type: 'refuse', request, reason });
}
