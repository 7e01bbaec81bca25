import {
  holderProof,
  openRecord,
  proveAnswer,
  provenBy,
  providerKey,
  sealRecord,
  type AnswerProof,
  type ProvenAnswer,
  type RecordDraft,
  type SignedRecord,
} from '@tabswarm/protocol/dht';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId, RecordKey, Root } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';

/**
 * The overlay's cryptography, as a collaborator: the platform does it off the main thread and in its own time, which a
 * simulation with a manual clock must be able to wait for.
 */
export interface Signing {
  seal(identity: Identity, draft: RecordDraft): Promise<SignedRecord>;
  /** Decodes and checks. Throws a ProtocolError. */
  open(raw: Uint8Array): Promise<SignedRecord>;
  prove(identity: Identity, answer: ProvenAnswer): Promise<AnswerProof>;
  /** Who gave that answer, or undefined where the proof does not hold for it. */
  provenBy(proof: AnswerProof, answer: ProvenAnswer): Promise<NodeId | undefined>;
  providerKey(root: Root): Promise<RecordKey>;
  holderProof(root: Root, node: NodeId): Promise<Bytes>;
}

export const webCryptoSigning: Signing = {
  seal: sealRecord,
  open: openRecord,
  prove: proveAnswer,
  provenBy,
  providerKey,
  holderProof,
};
