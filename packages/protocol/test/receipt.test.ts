import { beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../src/identity.ts';
import { idFromBytes, type Root } from '../src/ids.ts';
import { isReceiptOf, signReceipt } from '../src/receipt.ts';
import { swarmMessage } from '../src/swarm.ts';
import { newIdentity } from './support.ts';

const ROOT = idFromBytes<Root>(new Uint8Array(32).fill(1));
const RECEIPT = { root: ROOT, bytes: 5_000_000_000, whole: true, time: 1_700_000_000_000 };

let receiver: Identity;
let giver: Identity;
let other: Identity;
beforeAll(async () => {
  [receiver, giver, other] = [await newIdentity(), await newIdentity(), await newIdentity()];
});

describe('a receipt', () => {
  it('[RC1] holds for whom it was signed, and survives the wire', async () => {
    const message = { type: 'receipt' as const, ...(await signReceipt(receiver, RECEIPT, giver.id)) };
    const arrived = swarmMessage.decode(swarmMessage.encode(message));
    expect(arrived).toEqual(message);
    expect(await isReceiptOf(message, receiver.id, giver.id)).toBe(true);
  });

  it('[RC1] is worth nothing to others, and from others', async () => {
    const wire = await signReceipt(receiver, RECEIPT, giver.id);
    expect(await isReceiptOf(wire, receiver.id, other.id)).toBe(false);
    expect(await isReceiptOf(wire, other.id, giver.id)).toBe(false);
    const posing = { ...wire, key: other.publicKey };
    expect(await isReceiptOf(posing, receiver.id, giver.id)).toBe(false);
    expect(await isReceiptOf(posing, other.id, giver.id)).toBe(false);
  });

  it('[RC1] says exactly what was signed', async () => {
    const wire = await signReceipt(receiver, RECEIPT, giver.id);
    const changes = [
      { root: idFromBytes<Root>(new Uint8Array(32).fill(2)) },
      { bytes: RECEIPT.bytes - 1 },
      { whole: false },
      { time: RECEIPT.time + 1 },
    ];
    for (const change of changes) {
      expect(await isReceiptOf({ ...wire, ...change }, receiver.id, giver.id)).toBe(false);
    }
  });
});
