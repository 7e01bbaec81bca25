import type { Link } from '@tabswarm/net';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { dhtMessage, type DhtMessage, type DhtMessageOf } from '@tabswarm/protocol/dht';
import { fromHex } from '@tabswarm/protocol/bytes';
import { idFromBytes, type Id, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import type { Random } from '@tabswarm/base';
import type { Identity } from '@tabswarm/protocol/identity';
import type { Behaviour } from './population.ts';
import { simulatedSigning } from './signing.ts';

/*
 * Bad characters. Each takes part like anybody else, so that others link to it and route through it, and then deals
 * with requests in its own way.
 */

/** Answers nothing and forwards nothing. Half of them say that they do, which costs the asker more. */
export function createDropper(acknowledges: boolean): Behaviour {
  return onRequest(({ id }, link) => {
    if (acknowledges) say(link, { type: 'forwarded', id });
  });
}

/** What a liar has to show for a key: records that were right once, or never. */
export type BadRecords = (key: RecordKey) => readonly Bytes[];

/**
 * Says that it keeps what it drops, answers with bad records and with neighbours that do not exist: all that behave so
 * name the same ones.
 */
export function createLiar(random: Random, badRecords: BadRecords): Behaviour {
  const invented = new Map<Id, NodeId[]>();
  const inventedFor = (key: Id): NodeId[] => {
    const nodes = invented.get(key) ?? Array.from({ length: 8 }, () => idNear<NodeId>(key, 24, random));
    invented.set(key, nodes);
    return nodes;
  };
  return onRequest(({ id, lookup, operation }, link, self) => {
    const key = operation.type === 'find-node' || operation.type === 'find-value' ? operation.key : undefined;
    void reply(
      link,
      self,
      { id, lookup },
      {
        nodes: key === undefined ? [] : inventedFor(key),
        records: operation.type === 'find-value' ? [...badRecords(operation.key)] : [],
      },
    );
  });
}

/** One of many next to a key: says that it keeps the record, knows only its own kind, and has never heard of anything. */
export function createSybil(kind: readonly NodeId[]): Behaviour {
  return onRequest((request, link, self) => {
    void reply(link, self, request, {
      nodes: kind.filter((one) => one !== self.id).slice(0, 16),
      records: [],
    });
  });
}

/** A random id that shares its first `bits` bits, a multiple of 4, with `id`. */
export function idNear<T extends Id>(id: Id, bits: number, random: Random): T {
  const digits = bits / 4;
  const rest = idFromBytes<T>(random.bytes(32));
  return idFromBytes<T>(fromHex(id.slice(0, digits) + rest.slice(digits)));
}

/** A random id whose distance from `id` is such a share of the id space. */
export function idAtDistance<T extends Id>(id: Id, share: number, random: Random): T {
  const at = fromHex(id);
  const distance = random.bytes(at.length);
  // The first 32 bits say it precisely enough.
  new DataView(distance.buffer).setUint32(0, Math.floor(share * 2 ** 32));
  return idFromBytes<T>(at.map((byte, i) => byte ^ (distance[i] as number)));
}

function onRequest(
  answer: (request: DhtMessageOf<'request'>, link: Link, self: Identity) => void,
): Behaviour {
  return (raw, link, { identity: self }) => {
    const message = dhtMessage.decode(raw);
    if (message.type !== 'request') return false;
    answer(message, link, self);
    return true;
  };
}

/** Signed as it should be: what it says of itself is true. */
async function reply(
  link: Link,
  self: Identity,
  { id, lookup }: Pick<DhtMessageOf<'request'>, 'id' | 'lookup'>,
  { nodes, records }: Pick<DhtMessageOf<'reply'>, 'nodes' | 'records'>,
): Promise<void> {
  const answer = { outcome: 'ok' as const, nodes, answered: [self.id], records };
  const proof = await simulatedSigning.prove(self, { lookup, ...answer });
  say(link, { type: 'reply', id, hops: 0, ...answer, proof });
}

function say(link: Link, message: DhtMessage): void {
  // A link that closes meanwhile loses the message, which is no matter here.
  link
    .channel('dht')
    .send(dhtMessage.encode(message))
    .catch(() => undefined);
}
