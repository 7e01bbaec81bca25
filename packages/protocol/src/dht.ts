import { concat, sha256, toHex, utf8, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { idBytes, idFromBytes, type Id, type NodeId, type RecordKey, type Root } from './ids.ts';
import { nodeIdOf, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature, type Identity } from './identity.ts';
import { MAX_PAYLOAD_BYTES } from './link.ts';
import { bool, bytes, dict, id, int, list, message, oneOf, optional, tagged, type Infer } from './schema.ts';

/*
 * The protocol `dht` of a link: Kademlia (Maymounkov and Mazieres, 2002) whose requests are forwarded over open links
 * instead of being asked of one node after another, because a link between two tabs is dear to make. And the records
 * that the overlay keeps: signed by their author, so that whoever stores or carries them cannot alter them.
 */
export const DHT_VERSION = 1;

/** Kademlia's k: how many nodes keep a record, and how many an answer about a key is good for. */
export const CLOSEST_COUNT = 8;
/** Links that a node may have, and so may tell of. */
export const MAX_LINKS = 64;
/** Greedy forwarding halves the distance with each hop: 12 are enough for far more nodes than there will be. */
export const MAX_HOPS = 12;
/** All the time that a lookup takes, in milliseconds; no request may ask for more. */
export const MAX_LOOKUP_MS = 8_000;
/** An answer holds what the answering node knows and what those behind it know, each their closest. */
export const MAX_REPLY_NODES = 2 * CLOSEST_COUNT;
/** The rest of a control message is left for ids. */
export const MAX_REPLY_RECORD_BYTES = 12 * 1024;
/** First hops of the other paths, and the hops of this one. */
export const MAX_VISITED = 24;
/** A node stands in `visited` with so many of its first bytes. */
export const VISITED_BYTES = 8;
const LOOKUP_BYTES = 8;
const MAX_REPLY_RECORDS = 96;

const MAX_RECORD_BYTES = 1_000;
/** A record's fields and signature take at most 300 bytes of it. */
export const MAX_VALUE_BYTES = 700;
/** Nothing is kept for longer; whoever wants it kept republishes it. Three republishing periods. */
export const MAX_RECORD_LIFETIME_MS = 45 * 60_000;
/** A record may be this far ahead of the reader's clock. */
const RECORD_CLOCK_SKEW_MS = 60_000;
/** Records that one author may have under one key. */
const RECORD_SLOTS = 16;
/** Records that one message of hand-over may name. */
export const MAX_OFFERED = 512;
const DIGEST_BYTES = 16;
const RECORD_CONTEXT = utf8('tabswarm record 1\0');
const ANSWER_CONTEXT = utf8('tabswarm answer 1\0');
const PROVIDER_CONTEXT = utf8('tabswarm provider');
const HOLDER_CONTEXT = utf8('tabswarm holder');
const HOLDER_PROOF_BYTES = 32;

const recordBytes = bytes({ min: 1, max: MAX_RECORD_BYTES });
const requestId = int(0, 0xffff_ffff);
const links = list(id<NodeId>(), { max: MAX_LINKS });
const digests = list(bytes(DIGEST_BYTES), { max: MAX_OFFERED });

const operation = tagged({
  ping: dict({}),
  'find-node': dict({ key: id<Id>() }),
  'find-value': dict({ key: id<RecordKey>() }),
  store: dict({ record: recordBytes }),
});
export type DhtOperation = Infer<typeof operation>;

/** That the node a request was for has answered it so, and nobody on the way. */
const answerProof = dict({
  /** Its public key, whose SHA-256 is its id. */
  key: bytes(PUBLIC_KEY_BYTES),
  /** Over the request's `lookup` and the content of the answer. */
  signature: bytes(SIGNATURE_BYTES),
});
export type AnswerProof = Infer<typeof answerProof>;

/**
 * - `ok`: done, or known
 * - `visited`: this lookup has been here by another path
 * - `unreachable`: no way to the node asked for
 * - `stale`: a newer record of that author is kept already
 * - `refused`: the record is not valid now, or does not belong here
 * - `full`: no room for records
 */
export const REPLY_OUTCOMES = ['ok', 'visited', 'unreachable', 'stale', 'refused', 'full'] as const;
export type ReplyOutcome = (typeof REPLY_OUTCOMES)[number];

export const dhtMessage = message(
  tagged({
    /** The first message of each side: from here on the other takes part. `links`: whom it is linked to. */
    hello: dict({ version: int(0, 0xffff), links }),
    /** More nodes that the sender is linked to. */
    contacts: dict({ links }),
    /** Answer this, or forward it to a neighbour nearer to its destination. */
    request: dict({
      /** Chosen per link and request; the answer repeats it. */
      id: requestId,
      /** The same on all paths of one lookup. */
      lookup: bytes(LOOKUP_BYTES),
      /** The node to reach. Where absent, the request goes to whoever is nearest to the operation's key. */
      to: optional(id<NodeId>()),
      /** How many more times it may be forwarded. */
      hops: int(0, MAX_HOPS),
      /** Milliseconds within which the answer is wanted. */
      budget: int(0, MAX_LOOKUP_MS),
      /** Nodes that it has been to, and those that other paths of the lookup begin with: first bytes of their ids. */
      visited: list(bytes(VISITED_BYTES), { max: MAX_VISITED }),
      /** The answer must carry a proof, for it comes back through others. */
      prove: bool,
      operation,
    }),
    /** The request has been forwarded; its answer will take as long as the way takes. */
    forwarded: dict({ id: requestId }),
    reply: dict({
      id: requestId,
      outcome: oneOf(...REPLY_OUTCOMES),
      /** Times that the request was forwarded behind the one who answers. */
      hops: int(0, MAX_HOPS),
      /** Nodes with open links, nearest to the key. */
      nodes: list(id<NodeId>(), { max: MAX_REPLY_NODES }),
      /** Nodes whose knowledge is in this answer. */
      answered: list(id<NodeId>(), { max: MAX_HOPS + 1 }),
      records: list(recordBytes, { max: MAX_REPLY_RECORDS }),
      proof: optional(answerProof),
    }),
    /** Records that you should keep too, if you do not already. */
    offer: dict({ digests }),
    want: dict({ digests }),
    hand: dict({ record: recordBytes }),
  }),
  { maxBytes: MAX_PAYLOAD_BYTES },
);
export type DhtMessage = ReturnType<typeof dhtMessage.decode>;
export type DhtMessageOf<T extends DhtMessage['type']> = Extract<DhtMessage, { type: T }>;

/** What a proof is about. `lookup` was drawn by who asked, so that an old answer does not pass for a new one. */
const provenAnswer = message(
  dict({
    lookup: bytes(LOOKUP_BYTES),
    outcome: oneOf(...REPLY_OUTCOMES),
    nodes: list(id<NodeId>(), { max: MAX_REPLY_NODES }),
    answered: list(id<NodeId>(), { max: MAX_HOPS + 1 }),
    records: list(recordBytes, { max: MAX_REPLY_RECORDS }),
  }),
  { maxBytes: MAX_PAYLOAD_BYTES },
);
export type ProvenAnswer = ReturnType<typeof provenAnswer.decode>;

export async function proveAnswer(identity: Identity, answer: ProvenAnswer): Promise<AnswerProof> {
  const signature = await identity.sign(concat(ANSWER_CONTEXT, provenAnswer.encode(answer)));
  return { key: identity.publicKey, signature };
}

/** Who gave that answer, or undefined where the proof does not hold for it. */
export async function provenBy(proof: AnswerProof, answer: ProvenAnswer): Promise<NodeId | undefined> {
  const signed = concat(ANSWER_CONTEXT, provenAnswer.encode(answer));
  return (await verifySignature(proof.key, proof.signature, signed)) ? nodeIdOf(proof.key) : undefined;
}

const unsignedFields = {
  /** The author's public key; its SHA-256 is the author's id. */
  author: bytes(PUBLIC_KEY_BYTES),
  key: id<RecordKey>(),
  /** Tells apart the records of one author under one key. */
  slot: int(0, RECORD_SLOTS - 1),
  /** Of two records of one author, key and slot the one with the higher number counts. */
  sequence: int(0),
  /** Milliseconds since the Unix epoch, by the author's clock. */
  issued: int(0),
  expires: int(0),
  value: bytes({ max: MAX_VALUE_BYTES }),
};
const unsignedRecord = message(dict(unsignedFields), { maxBytes: MAX_RECORD_BYTES });
const recordSchema = dict({ ...unsignedFields, signature: bytes(SIGNATURE_BYTES) });
const recordCodec = message(recordSchema, { maxBytes: MAX_RECORD_BYTES });
type WireRecord = Infer<typeof recordSchema>;

/** What its author says of a record; the rest follows from it. */
export interface RecordDraft {
  readonly key: RecordKey;
  readonly slot: number;
  readonly sequence: number;
  readonly issued: number;
  readonly expires: number;
  /** At most MAX_VALUE_BYTES. */
  readonly value: Bytes;
}

/** A record whose signature has been checked. */
export interface SignedRecord extends RecordDraft {
  readonly author: NodeId;
  readonly publicKey: Bytes;
  /** The record as it travels. */
  readonly bytes: Bytes;
  /** The first 16 bytes of the SHA-256 of `bytes`, as hexadecimal digits. */
  readonly digest: string;
}

/** Signs a record. Throws a RangeError for a value that is too long. */
export async function sealRecord(identity: Identity, draft: RecordDraft): Promise<SignedRecord> {
  const { key, slot, sequence, issued, expires, value } = draft;
  if (value.byteLength > MAX_VALUE_BYTES) throw new RangeError(`a value of ${value.byteLength} bytes`);
  const unsigned = { author: identity.publicKey, key, slot, sequence, issued, expires, value };
  const signature = await identity.sign(signedBytes(unsigned));
  const raw = recordCodec.encode({ ...unsigned, signature });
  return withNames({ ...unsigned, signature }, raw);
}

/**
 * Decodes a record and checks its signature. Throws a ProtocolError, `forged` where the signature does not match.
 * Whether it is of this time is another question: see `recordFault`.
 */
export async function openRecord(raw: Uint8Array): Promise<SignedRecord> {
  const wire = recordCodec.decode(raw);
  if (wire.expires <= wire.issued || wire.expires - wire.issued > MAX_RECORD_LIFETIME_MS) {
    throw new ProtocolError('malformed', 'a record with an impossible lifetime');
  }
  // Fields of newer versions would be outside of the signature, and the digest would not be the record's only one.
  const known = recordCodec.encode(wire);
  if (known.byteLength !== raw.byteLength)
    throw new ProtocolError('malformed', 'a record with unsigned fields');
  if (!(await verifySignature(wire.author, wire.signature, signedBytes(wire)))) {
    throw new ProtocolError('forged', 'a record whose signature does not match');
  }
  return withNames(wire, known);
}

/** Why a record does not count at this time, if it does not. Its author or the reader may have a wrong clock. */
export function recordFault(record: RecordDraft, now: number): 'expired' | 'from-the-future' | undefined {
  if (record.expires <= now) return 'expired';
  return record.issued > now + RECORD_CLOCK_SKEW_MS ? 'from-the-future' : undefined;
}

/** The key under which a share's holders are found. Whoever stores the record does not learn the root from it. */
export async function providerKey(root: Root): Promise<RecordKey> {
  return idFromBytes<RecordKey>(await sha256(concat(PROVIDER_CONTEXT, idBytes(root))));
}

/**
 * Shows that a node knows a share's root, to those who know it: SHA-256("tabswarm holder" || root || node id). Nodes that
 * store provider records know their keys, not the roots, and could otherwise name themselves as holders to be told.
 */
export async function holderProof(root: Root, node: NodeId): Promise<Bytes> {
  return sha256(concat(HOLDER_CONTEXT, idBytes(root), idBytes(node)));
}

/** The value of a provider record. */
export const providerValue = message(
  tagged({
    /** The author holds blocks of the share, and proves that it knows the root; see `holderProof`. */
    providing: dict({ proof: bytes(HOLDER_PROOF_BYTES) }),
    /** No longer; this record is there to supersede the one before. */
    withdrawn: dict({}),
  }),
  { maxBytes: 64 },
);

function signedBytes(wire: Omit<WireRecord, 'signature'>): Bytes {
  return concat(RECORD_CONTEXT, unsignedRecord.encode(wire));
}

async function withNames(wire: WireRecord, raw: Bytes): Promise<SignedRecord> {
  const { author: publicKey, key, slot, sequence, issued, expires, value } = wire;
  const [author, hash] = await Promise.all([nodeIdOf(publicKey), sha256(raw)]);
  const digest = toHex(hash.subarray(0, DIGEST_BYTES));
  return { author, publicKey, key, slot, sequence, issued, expires, value, bytes: raw, digest };
}
