import { ProtocolError } from './error.ts';
import type { Root } from './ids.ts';
import { MAX_PAYLOAD_BYTES } from './link.ts';
import { receiptSchema } from './receipt.ts';
import { MAX_STATEMENT_BYTES } from './taking-part.ts';
import { bool, bytes, dict, id, int, list, message, oneOf, optional, tagged, type Schema } from './schema.ts';

/*
 * How two linked tabs exchange a share. On the control channel they say what they hold and ask; answers travel on the
 * bulk channel in parts. Every answer is checked against the share's root before anything is done with it.
 */
export const SWARM_VERSION = 2;

/** A bulk message is a header and up to so many bytes; 64 KiB keeps the wire busy without delaying other messages. */
export const PART_BYTES = 64 * 1024;
export const PART_HEADER_BYTES = 12;
export const MAX_BULK_BYTES = PART_HEADER_BYTES + PART_BYTES;
/** The largest block, and the largest info dictionary: what a receiver must be ready to put together. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
export const MAX_INFO_BYTES = 8 * 1024 * 1024;
/** Block numbers in one `have`. */
export const MAX_HAVE_ITEMS = 1_024;
/** A bitfield must fit one control message; shares have at most about 16,384 blocks, and one more for each file. */
const MAX_BITFIELD_BYTES = 15 * 1024;
/** BEP 52: the most hashes asked for at once. */
const MAX_HASHES = 512;
/** Ranges of blocks in one `want`. */
export const MAX_WANTED_RANGES = 64;
/** Statements of others in one `peers`, and in one minute. */
export const MAX_STATEMENTS = 50;
/** Questions open on one link in one direction. */
export const MAX_OPEN_REQUESTS = 256;
/** Blocks asked for in one message. */
export const MAX_ASKED_BLOCKS = 64;
const MAX_BLOCKS = MAX_BITFIELD_BYTES * 8;
const MAX_REQUEST_ID = 0xffff_ffff;
const MAX_CREDIT_BYTES = 0xffff_ffff;

const requestId = int(0, MAX_REQUEST_ID);
const root = id<Root>();
const blockIndex = int(0, MAX_BLOCKS - 1);
const rangeBounds = list(int(0, MAX_BLOCKS), { max: 2 * MAX_WANTED_RANGES });
/** `[first, end, first, end, ...]`. Decoded, none is empty, they ascend, and none touches another. */
const blockRanges: Schema<readonly number[]> = {
  ...rangeBounds,
  decode(value) {
    const bounds = rangeBounds.decode(value);
    if (bounds.length % 2 !== 0) throw new ProtocolError('malformed', 'a range without an end');
    const ranges: [first: number, end: number][] = [];
    for (let at = 0; at < bounds.length; at += 2) {
      const [first, end] = bounds.slice(at, at + 2) as [number, number];
      if (end < first) throw new ProtocolError('malformed', 'a range that ends before it begins');
      if (end > first) ranges.push([first, end]);
    }
    return mergedRanges(ranges);
  },
};

/** `[first, end, ...]` in ascending order, those that overlap or touch as one. */
export function mergedRanges(ranges: readonly (readonly [first: number, end: number])[]): number[] {
  const bounds: number[] = [];
  for (const [first, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = bounds.at(-1);
    if (last === undefined || first > last) bounds.push(first, end);
    else bounds[bounds.length - 1] = Math.max(last, end);
  }
  return bounds;
}

/** `choked`: not before `unchoke` says so. */
export const REFUSAL_REASONS = ['absent', 'busy', 'failed', 'choked'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export const swarmMessage = message(
  tagged({
    /**
     * I take part in this share and hold these blocks (`info`: and its info dictionary). With `answer` 0 it is a
     * question, to be answered by the same with 1, or by `unknown`. `whole`: I have all of it, and show it block by block.
     * `batches`: I understand `askBlocks`, which tabs of before do not.
     */
    join: dict({
      version: int(0, 0xffff),
      root,
      have: bytes({ max: MAX_BITFIELD_BYTES }),
      whole: bool,
      info: bool,
      answer: bool,
      batches: optional(bool),
    }),
    unknown: dict({ root }),
    leave: dict({ root }),
    have: dict({ root, indexes: list(blockIndex, { max: MAX_HAVE_ITEMS }) }),
    /** The info dictionary is there to be asked for now. */
    informed: dict({ root }),
    askInfo: dict({ request: requestId, root }),
    /** Block hashes with their proof, as in BEP 52's hash request; `file` counts in file tree order. */
    askHashes: dict({
      request: requestId,
      root,
      file: int(0, MAX_BLOCKS),
      first: blockIndex,
      count: int(1, MAX_HASHES),
    }),
    askBlock: dict({ request: requestId, root, index: blockIndex }),
    /** Each is a question of its own, answered and cancelled by itself; the first is number `request`, the next one more. */
    askBlocks: dict({ request: requestId, root, indexes: list(blockIndex, { max: MAX_ASKED_BLOCKS }) }),
    /** Signed statements of nodes that take part in this share, the sender's own included; see `taking-part.ts`. */
    peers: dict({
      root,
      statements: list(bytes({ min: 1, max: MAX_STATEMENT_BYTES }), { max: MAX_STATEMENTS }),
    }),
    cancel: dict({ request: requestId }),
    refuse: dict({ request: requestId, reason: oneOf(...REFUSAL_REASONS) }),
    /** All that I wanted of it has arrived, some of it from you. */
    receipt: receiptSchema,
    /** Blocks may be asked for again, after a refusal as `choked`. */
    unchoke: dict({}),
    /** So many bytes more of blocks may be sent to me, and without `limited` any number. */
    credit: dict({ bytes: int(0, MAX_CREDIT_BYTES), limited: bool }),
    /**
     * Of the blocks I lack I want those of these ranges. With `now` I wait for them, and without they stand for all that I
     * want from now on; an empty list is everything.
     */
    want: dict({ root, ranges: blockRanges, now: bool }),
  }),
  { maxBytes: MAX_PAYLOAD_BYTES },
);
export type SwarmMessage = ReturnType<typeof swarmMessage.decode>;
export type SwarmQuestion = Extract<SwarmMessage, { type: 'askInfo' | 'askHashes' | 'askBlock' }>;
export type BlockQuestion = Extract<SwarmMessage, { type: 'askBlock' }>;

/** The number of the question that comes so many after another: they go round. */
export function requestAfter(request: number, steps = 1): number {
  return (request + steps) >>> 0;
}

/** What an `askBlocks` asks for, block by block. */
export function blockQuestions({
  request,
  root: share,
  indexes,
}: Extract<SwarmMessage, { type: 'askBlocks' }>): BlockQuestion[] {
  return indexes.map((index, i) => ({
    type: 'askBlock',
    request: requestAfter(request, i),
    root: share,
    index,
  }));
}

/** One part of an answer: bytes `offset` to `offset + payload.byteLength` of `total`. */
export interface Part {
  readonly request: number;
  readonly total: number;
  readonly offset: number;
  /** A view of the message, not a copy. */
  readonly payload: Uint8Array;
}

/** The part as a message: a view of `buffer`, which has MAX_BULK_BYTES and may be used again once it is sent. */
export function encodePart(
  { request, total, offset, payload }: Part,
  buffer: ArrayBuffer = new ArrayBuffer(MAX_BULK_BYTES),
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(buffer, 0, PART_HEADER_BYTES + payload.byteLength);
  const header = new DataView(buffer);
  header.setUint32(0, request);
  header.setUint32(4, total);
  header.setUint32(8, offset);
  out.set(payload, PART_HEADER_BYTES);
  return out;
}

/**
 * Throws a ProtocolError. Parts are cut at multiples of PART_BYTES and all but the last are full, so each has one place
 * and a receiver can tell by counting when an answer is whole. An empty answer is one empty part.
 */
export function decodePart(message: Uint8Array): Part {
  if (message.byteLength < PART_HEADER_BYTES || message.byteLength > MAX_BULK_BYTES) {
    throw new ProtocolError('malformed', `a part of ${message.byteLength} bytes`);
  }
  const header = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const request = header.getUint32(0);
  const total = header.getUint32(4);
  const offset = header.getUint32(8);
  const payload = message.subarray(PART_HEADER_BYTES);
  if (total > MAX_ANSWER_BYTES) throw new ProtocolError('too-large', `an answer of ${total} bytes`);
  if (
    offset % PART_BYTES !== 0 ||
    offset > total ||
    payload.byteLength !== Math.min(PART_BYTES, total - offset)
  ) {
    throw new ProtocolError('malformed', 'a part out of place');
  }
  return { request, total, offset, payload };
}
