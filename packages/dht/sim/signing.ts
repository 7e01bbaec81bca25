import { concat, equalBytes, toHex, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { MAX_RECORD_LIFETIME_MS, type RecordDraft, type SignedRecord } from '@tabswarm/protocol/dht';
import { ProtocolError } from '@tabswarm/protocol/error';
import { idBytes, idFromBytes, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import type { Signing } from '../src/index.ts';

/*
 * Cryptography for simulations of thousands of nodes: a node's public key is its id, and a signature is a checksum that
 * no simulated attacker makes for another node. What real signatures are worth is tested elsewhere; here they only have
 * to cost what they cost on the wire.
 */
const ID_BYTES = 32;
const SIGNATURE_BYTES = 64;
const NUMBERS_BYTES = 4 * 8;

export function simulatedIdentity(id: NodeId): Identity {
  return { id, publicKey: idBytes(id), sign: (bytes) => Promise.resolve(checksum(bytes, SIGNATURE_BYTES)) };
}

export const simulatedSigning: Signing = {
  seal: (identity, draft) => Promise.resolve(seal(identity.publicKey, draft)),
  open: (raw) => Promise.resolve().then(() => open(raw)),
  prove: (identity, answer) =>
    Promise.resolve({ key: identity.publicKey, signature: proofOf(identity.publicKey, answer) }),
  provenBy: ({ key, signature }, answer) =>
    Promise.resolve(equalBytes(signature, proofOf(key, answer)) ? idFromBytes<NodeId>(key) : undefined),
  providerKey: (root) =>
    Promise.resolve(idFromBytes<RecordKey>(checksum(concat(utf8('provider'), idBytes(root)), ID_BYTES))),
  holderProof: (root, node) => Promise.resolve(checksum(concat(idBytes(root), idBytes(node)), ID_BYTES)),
};

function seal(author: Bytes, draft: RecordDraft): SignedRecord {
  const { key, slot, sequence, issued, expires, value } = draft;
  const numbers = new Float64Array([slot, sequence, issued, expires]);
  const body = concat(author, idBytes(key), new Uint8Array(numbers.buffer), value);
  return recordOf(concat(body, checksum(body, SIGNATURE_BYTES)));
}

function open(raw: Uint8Array): SignedRecord {
  const end = raw.byteLength - SIGNATURE_BYTES;
  if (end < 2 * ID_BYTES + NUMBERS_BYTES) throw new ProtocolError('malformed', 'a short record');
  if (!equalBytes(raw.subarray(end), checksum(raw.subarray(0, end), SIGNATURE_BYTES))) {
    throw new ProtocolError('forged', 'a record whose signature does not match');
  }
  const record = recordOf(raw.slice());
  if (record.expires <= record.issued || record.expires - record.issued > MAX_RECORD_LIFETIME_MS) {
    throw new ProtocolError('malformed', 'a record with an impossible lifetime');
  }
  return record;
}

function recordOf(bytes: Bytes): SignedRecord {
  const numbersEnd = 2 * ID_BYTES + NUMBERS_BYTES;
  const publicKey = bytes.slice(0, ID_BYTES);
  const numbers = new Float64Array(bytes.slice(2 * ID_BYTES, numbersEnd).buffer);
  const [slot = 0, sequence = 0, issued = 0, expires = 0] = numbers;
  return {
    author: idFromBytes<NodeId>(publicKey),
    publicKey,
    key: idFromBytes<RecordKey>(bytes.slice(ID_BYTES, 2 * ID_BYTES)),
    slot,
    sequence,
    issued,
    expires,
    value: bytes.slice(numbersEnd, bytes.byteLength - SIGNATURE_BYTES),
    bytes,
    digest: toHex(checksum(bytes, 16)),
  };
}

function proofOf(key: Bytes, answer: Parameters<Signing['prove']>[1]): Bytes {
  const { lookup, outcome, nodes, answered, records } = answer;
  const said = utf8(`${outcome} ${nodes.join()} ${answered.join()}`);
  return checksum(concat(key, lookup, said, ...records), SIGNATURE_BYTES);
}

/** Spreads well and is fast (FNV-1a, stretched); no more. */
function checksum(bytes: Uint8Array, length: number): Bytes {
  let hash = 0x811c9dc5;
  let other = 0x9e3779b9;
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193);
    other = Math.imul(other ^ byte, 0x85ebca6b) + 0x27d4eb2f;
  }
  const out = new Uint32Array(length / 4);
  for (let at = 0; at < out.length; at += 1) {
    hash = Math.imul(hash ^ (other >>> 15), 0xc2b2ae35) + at;
    other = Math.imul(other ^ (hash >>> 13), 0x85ebca6b) + 0x165667b1;
    out[at] = hash ^ (other >>> 16);
  }
  return new Uint8Array(out.buffer);
}
