import { concat, utf8, type Bytes } from './bytes.ts';
import { nodeIdOf, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature, type Identity } from './identity.ts';
import { idBytes, type NodeId, type Root } from './ids.ts';
import { bool, bytes, dict, id, int, type Infer } from './schema.ts';

const RECEIPT_CONTEXT = utf8('tabswarm receipt 1\0');

/** As it travels: what it says, by whom, and the signature. To whom is not said: it is the tab at the end of the link. */
export const receiptSchema = dict({
  root: id<Root>(),
  /** Bytes of the share that the signer keeps, each of which it has verified. */
  bytes: int(0),
  /** Whether that is all of it; otherwise it is what the signer chose. */
  whole: bool,
  /** Milliseconds since the Unix epoch, by the signer's clock. */
  time: int(0),
  key: bytes(PUBLIC_KEY_BYTES),
  signature: bytes(SIGNATURE_BYTES),
});
type WireReceipt = Infer<typeof receiptSchema>;

/** A receiver's word to one who sent it parts of a share: all that it wanted has arrived and was verified. */
export type Receipt = Pick<WireReceipt, 'root' | 'bytes' | 'whole' | 'time'>;

/** Signs a receipt that is good for `to` alone: nobody can show it around as his own. */
export async function signReceipt(identity: Identity, receipt: Receipt, to: NodeId): Promise<WireReceipt> {
  const signature = await identity.sign(signedBytes(receipt, to));
  return { ...receipt, key: identity.publicKey, signature };
}

/** Whether `from` signed exactly this for `to`. */
export async function isReceiptOf(wire: WireReceipt, from: NodeId, to: NodeId): Promise<boolean> {
  if ((await nodeIdOf(wire.key)) !== from) return false;
  return verifySignature(wire.key, wire.signature, signedBytes(wire, to));
}

/** All parts but the last have a length of their own. */
function signedBytes({ root, bytes: count, whole, time }: Receipt, to: NodeId): Bytes {
  const said = utf8(`${count} ${whole ? 'whole' : 'part'} ${time}`);
  return concat(RECEIPT_CONTEXT, idBytes(root), idBytes(to), said);
}
