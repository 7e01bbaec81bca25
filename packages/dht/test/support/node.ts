import type { Link, Transport } from '@tabswarm/net';
import {
  dhtMessage,
  DHT_VERSION,
  type DhtMessage,
  type DhtMessageOf,
  type SignedRecord,
} from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { seededIdentity, type World } from './world.ts';

/** A node that speaks the protocol by hand: for what no honest node would say. */
export interface HandNode {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly transport: Transport;
  /** All that came, in order. */
  readonly got: DhtMessage[];
  /** Links it to a tab and greets; `links` is what it claims. */
  join(node: NodeId, links?: readonly NodeId[]): Promise<Link>;
  say(link: Link, message: DhtMessage): Promise<void>;
  sayRaw(link: Link, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Sends a request and waits for the reply to it. */
  ask(link: Link, request: Partial<DhtMessageOf<'request'>>): Promise<DhtMessageOf<'reply'> | undefined>;
  gotOf<T extends DhtMessage['type']>(type: T): DhtMessageOf<T>[];
}

export async function createHandNode(
  world: World,
  answer?: (message: DhtMessage, link: Link) => DhtMessage | undefined,
): Promise<HandNode> {
  const identity = await seededIdentity(world.random);
  const transport = world.network.transport(identity.id);
  await transport.start();
  const got: DhtMessage[] = [];
  let asked = 0;

  transport.onLink((link) => {
    link.channel('dht').receive((raw) => {
      const message = dhtMessage.decode(raw);
      got.push(message);
      const reply = answer?.(message, link);
      if (reply) void say(link, reply);
    });
  });

  const gotOf = <T extends DhtMessage['type']>(type: T): DhtMessageOf<T>[] =>
    got.filter((message): message is DhtMessageOf<T> => message.type === type);

  return {
    id: identity.id,
    identity,
    transport,
    got,
    gotOf,
    say,
    sayRaw: (link, bytes) => link.channel('dht').send(bytes),
    async join(node, links = []) {
      const link = await world.clock.until(transport.dial(node));
      await say(link, { type: 'hello', version: DHT_VERSION, links });
      await world.clock.advance(50);
      return link;
    },
    async ask(link, request) {
      asked += 1;
      const id = asked;
      await say(link, {
        type: 'request',
        id,
        lookup: world.random.bytes(8),
        hops: 12,
        budget: 4_000,
        visited: [],
        prove: false,
        operation: { type: 'ping' },
        ...request,
      });
      await world.clock.advance(5_000);
      return gotOf('reply').find((reply) => reply.id === id);
    },
  };
}

function say(link: Link, message: DhtMessage): Promise<void> {
  return link.channel('dht').send(dhtMessage.encode(message));
}

/** The record with one bit of its signature changed: well formed, and nobody's. */
export function forged(record: SignedRecord): Uint8Array<ArrayBuffer> {
  const bytes = record.bytes.slice();
  const field = '9:signature64:';
  const at = String.fromCodePoint(...bytes).indexOf(field) + field.length;
  bytes[at] = (bytes[at] as number) ^ 1;
  return bytes;
}
