import type { Link } from '@tabswarm/net';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { dhtMessage, type DhtMessage, type DhtMessageOf } from '@tabswarm/protocol/dht';
import { fromHex } from '@tabswarm/protocol/bytes';
import { idFromBytes, type Id, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import type { Random } from '@tabswarm/base';
import type { Behaviour } from './population.ts';

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

/** Says that it keeps what it drops, answers with bad records and with neighbours that do not exist. */
export function createLiar(random: Random, badRecords: BadRecords): Behaviour {
  return onRequest(({ id, operation }, link, self) => {
    const key = operation.type === 'find-node' || operation.type === 'find-value' ? operation.key : undefined;
    say(link, {
      type: 'reply',
      id,
      outcome: 'ok',
      hops: 0,
      nodes: key === undefined ? [] : Array.from({ length: 8 }, () => idNear(key, 24, random)),
      answered: [self],
      records: operation.type === 'find-value' ? [...badRecords(operation.key)] : [],
    });
  });
}

/** One of many next to a key: says that it keeps the record, knows only its own kind, and has never heard of anything. */
export function createSybil(kind: readonly NodeId[]): Behaviour {
  return onRequest(({ id }, link, self) => {
    say(link, {
      type: 'reply',
      id,
      outcome: 'ok',
      hops: 0,
      nodes: kind.filter((one) => one !== self).slice(0, 16),
      answered: [self],
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

function onRequest(answer: (request: DhtMessageOf<'request'>, link: Link, self: NodeId) => void): Behaviour {
  return (raw, link, { id: self }) => {
    const message = dhtMessage.decode(raw);
    if (message.type !== 'request') return false;
    answer(message, link, self);
    return true;
  };
}

function say(link: Link, message: DhtMessage): void {
  // A link that closes meanwhile loses the message, which is no matter here.
  link
    .channel('dht')
    .send(dhtMessage.encode(message))
    .catch(() => undefined);
}
