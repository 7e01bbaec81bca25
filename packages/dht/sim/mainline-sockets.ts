import type { Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { DatagramSocket } from 'bittorrent-dht';
import type { SimulationClock } from './clock.ts';
import type { Meter } from './tap.ts';
import type { Terrain } from './terrain.ts';

/** Datagram sockets over simulated terrain: what is lost there is lost, and pairs that cannot connect get nothing. */
export interface DatagramNetwork {
  /** A deaf node gets no questions, only answers to its own. */
  socket(node: NodeId, meter: Meter, deaf: boolean): NodeSocket;
}

export interface NodeSocket extends DatagramSocket {
  /** Counts this node's datagrams of a lookup: its questions and the answers that arrive. Returns what ends it and gives the count. */
  watch(infoHash: Uint8Array): () => number;
}

interface Watched {
  readonly infoHash: Uint8Array;
  /** Those under way: whom it went to, and its number. */
  readonly questions: Set<string>;
  count: number;
}

const PORT = 6881;
/** As much as is lost, and sent again, under the overlay. */
const LOSS = 0.01;

/** How a question for peers begins, and how all messages end: with the number of the question, and what they are. */
const PREFIX = 'd1:ad2:id20:';
const INFO_HASH_AT = PREFIX.length + 20 + '9:info_hash20:'.length;
const GET_PEERS = '1:q9:get_peers1:t2:';
const ENDING = '1:y1:q'.length + 'e'.length;
const QUERY = 'q'.charCodeAt(0);

export function createDatagramNetwork(
  clock: SimulationClock,
  terrain: Terrain,
  random: Random,
): DatagramNetwork {
  const open = new Map<string, (message: Uint8Array, from: string) => void>();
  const nodes = new Map<string, NodeId>();

  return {
    socket(node, meter, deaf) {
      const host = addressOf(nodes.size + 1);
      nodes.set(host, node);
      const listeners = new Map<string, (...args: never[]) => void>();
      const emit = (event: string, ...args: unknown[]): void => {
        listeners.get(event)?.(...(args as never[]));
      };
      const watched = new Set<Watched>();

      return {
        on: (event: string, listener: (...args: never[]) => void) => void listeners.set(event, listener),
        address: () => ({ address: host, port: PORT }),
        bind() {
          open.set(host, (message, from) => {
            if (isQuery(message)) {
              if (deaf) return;
            } else {
              for (const one of watched) {
                if (one.questions.delete(`${from} ${numberOf(message)}`)) one.count += 1;
              }
            }
            emit('message', message, { address: from, port: PORT });
          });
          emit('listening');
        },
        send(message, _offset, length, _port, to) {
          if (!open.has(host)) return;
          meter.messages += 1;
          meter.bytes += length;
          for (const one of watched) {
            if (!asksFor(message, one.infoHash)) continue;
            one.questions.add(`${to} ${numberOf(message)}`);
            one.count += 1;
          }
          const receiver = nodes.get(to);
          if (!receiver || !terrain.connectable(node, receiver) || random.number() < LOSS) return;
          clock.after(terrain.latencyMs(node, receiver), () => open.get(to)?.(message, host));
        },
        close() {
          open.delete(host);
          emit('close');
        },
        watch(infoHash) {
          const one: Watched = { infoHash, questions: new Set(), count: 0 };
          watched.add(one);
          return () => {
            watched.delete(one);
            return one.count;
          };
        },
      };
    },
  };
}

/** The n-th node's: so many as fit into 10.0.0.0/8. */
function addressOf(n: number): string {
  return `10.${n >> 16}.${(n >> 8) & 0xff}.${n & 0xff}`;
}

function isQuery(message: Uint8Array): boolean {
  return message.at(-2) === QUERY;
}

function numberOf(message: Uint8Array): number {
  const at = message.length - ENDING - 2;
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}

function asksFor(message: Uint8Array, infoHash: Uint8Array): boolean {
  const at = message.length - ENDING - 2 - GET_PEERS.length;
  for (let i = 0; i < GET_PEERS.length; i += 1) if (message[at + i] !== GET_PEERS.charCodeAt(i)) return false;
  return infoHash.every((byte, i) => message[INFO_HASH_AT + i] === byte);
}
