import { createListeners, sleep } from '@tabswarm/base';
import { idFromBytes, type Root } from '@tabswarm/protocol/ids';
import type { ManualClock } from '@tabswarm/testkit';
import { bitfieldBytes, hasBit, setBit } from '../src/bitfield.ts';
import type { Holding, Library } from '../src/library.ts';

export const ROOT = idFromBytes<Root>(new Uint8Array(32).fill(0xab));
/** Everybody takes part in a second share of the same blocks. */
export const OTHER_ROOT = idFromBytes<Root>(new Uint8Array(32).fill(0xcd));
/** And in any number of others, each of its own holders. */
export function rootOf(share: number): Root {
  return idFromBytes<Root>(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? share : 0xee)));
}
/** The first blocks, which are wanted before the others. */
export const URGENT_BLOCKS = 2;
const INFO = Uint8Array.of(1, 2, 3).buffer;

/** A share in the memory of one node: what the vault is in the product. */
export interface FakeHolding extends Holding {
  has(index: number): boolean;
  kept(): number;
  /** Blocks handed over to be verified, with how often. */
  readonly offered: Map<number, number>;
  /** Of these, how many were not right. */
  corrupt(): number;
}

export interface HoldingOptions {
  /** Blocks that are here from the start; `true` for all. */
  readonly has?: readonly number[] | true;
  /** It gives nothing: asked for a block, it says nothing or that it has none; or it never says that it has any. */
  readonly rides?: 'silent' | 'refusing' | 'hiding';
  /** It was shared from here. */
  readonly isOrigin?: boolean;
  /** In which of the other shares it takes part; see `rootOf`. */
  readonly shares?: readonly number[];
  /** What is wanted, as `Holding.priorities`. */
  readonly wants?: Uint8Array;
  /** What it sends instead of a block. */
  readonly lie?: (index: number, block: ArrayBuffer) => ArrayBuffer;
  /** How long it takes to find out whether a block is right, and then to store it. */
  readonly verifyMs?: number;
  readonly storeMs?: number;
  /** Thrown instead of storing a block. */
  readonly storeError?: () => Error | undefined;
}

export interface Cut {
  readonly blocks: number;
  readonly blockBytes: number;
}

function blockOf(index: number, bytes: number): ArrayBuffer {
  return new Uint8Array(bytes).fill(index + 1).buffer;
}

function isBlock(index: number, bytes: ArrayBuffer): boolean {
  const value = (index + 1) & 255;
  // By words, as simulations look at gigabytes.
  const words = new Uint32Array(bytes, 0, bytes.byteLength >> 2);
  const word = (value * 0x01010101) >>> 0;
  for (let at = 0; at < words.length; at += 1) if (words[at] !== word) return false;
  return new Uint8Array(bytes, words.byteLength).every((byte) => byte === value);
}

export interface FakeLibrary {
  readonly library: Library;
  readonly holding: FakeHolding;
  readonly other: FakeHolding;
  /** Removes the first share. */
  remove(): void;
  /** Says what is wanted of it, and whether that is known. */
  choose(priorities: Uint8Array | undefined, options?: { final: boolean }): void;
}

export function createFakeLibrary(cut: Cut, clock: ManualClock, options: HoldingOptions): FakeLibrary {
  const removals = createListeners<Root>();
  let removed = false;
  const wishes = createListeners<Root>();
  let wanted = options.wants;
  let chosen = true;
  const news = createListeners<{ root: Root; indexes: readonly number[] }>();
  const onNews = (root: Root, indexes: readonly number[]): void => news.emit({ root, indexes });
  const holding: FakeHolding = {
    ...createFakeHolding(ROOT, cut, clock, options, onNews),
    priorities: () => wanted,
    isChosen: () => chosen,
  };
  const other = createFakeHolding(OTHER_ROOT, cut, clock, options, onNews);
  const more = new Map<Root, FakeHolding>(
    options.shares
      ?.map(rootOf)
      .map((root) => [root, createFakeHolding(root, cut, clock, options, onNews)] as const),
  );
  return {
    holding,
    other,
    remove() {
      removed = true;
      removals.emit(ROOT);
    },
    choose(priorities, { final } = { final: true }) {
      wanted = priorities;
      chosen = final;
      wishes.emit(ROOT);
    },
    library: {
      get(root) {
        if (root === OTHER_ROOT) return other;
        return root === ROOT && !removed ? holding : more.get(root);
      },
      onWanted: (listener) => wishes.subscribe(listener),
      onRemoved: (listener) => removals.subscribe(listener),
      onHave: (listener) => news.subscribe(({ root, indexes }) => listener(root, indexes)),
    },
  };
}

function createFakeHolding(
  root: Root,
  { blocks, blockBytes }: Cut,
  clock: ManualClock,
  options: HoldingOptions,
  onNews: (root: Root, indexes: readonly number[]) => void,
): FakeHolding {
  const have = new Uint8Array(bitfieldBytes(blocks));
  const initial = options.has === true ? Array.from({ length: blocks }, (_, i) => i) : (options.has ?? []);
  for (const index of initial) setBit(have, index);
  let informed = options.has !== undefined;
  const offered = new Map<number, number>();
  let corrupt = 0;

  return {
    root,
    isOrigin: () => options.isOrigin === true,
    offered,
    corrupt: () => corrupt,
    has: (index) => hasBit(have, index),
    kept: () => Array.from({ length: blocks }, (_, i) => i).filter((i) => hasBit(have, i)).length,
    layout: () =>
      informed
        ? {
            blockLengths: new Uint32Array(blocks).fill(blockBytes),
            urgentBlocks: URGENT_BLOCKS,
            missingHashes: [],
          }
        : undefined,
    have: () => (informed ? have : new Uint8Array()),
    priorities: () => undefined,
    isChosen: () => true,
    info: () => Promise.resolve(informed ? INFO.slice(0) : undefined),
    putInfo(bytes) {
      if (new Uint8Array(bytes)[0] !== 1) return Promise.resolve('corrupt');
      informed = true;
      onNews(root, []);
      return Promise.resolve('kept');
    },
    hashes: () => Promise.resolve(undefined),
    putHashes: () => Promise.resolve('kept'),
    block(index) {
      if (options.rides === 'silent') return new Promise(() => undefined);
      if (!hasBit(have, index) || options.rides) return Promise.resolve(undefined);
      if (options.lie) return Promise.resolve(options.lie(index, blockOf(index, blockBytes)));
      return Promise.resolve(blockOf(index, blockBytes));
    },
    async putBlock(index, bytes, onVerified) {
      offered.set(index, (offered.get(index) ?? 0) + 1);
      const right = isBlock(index, bytes);
      if (!right) corrupt += 1;
      if (options.verifyMs !== undefined) await sleep(clock, options.verifyMs);
      if (!right) return 'corrupt';
      onVerified();
      if (options.storeMs !== undefined) await sleep(clock, options.storeMs);
      const error = options.storeError?.();
      if (error) throw error;
      setBit(have, index);
      onNews(root, [index]);
      return 'kept';
    },
  };
}
