import { silentLog, stateWhere, systemClock, systemRandom } from '@tabswarm/base';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createMemoryBrowser, type Stores } from '@tabswarm/store';
import type { Node } from '../src/api.ts';
import { soleDuties, type Duties } from '../src/duties.ts';
import { createNode } from '../src/node.ts';
import type { Room } from '../src/room.ts';
import type { TransferView } from '../src/snapshot.ts';
import { createMemoryStoreLock, createVault } from '../src/vault/index.ts';

export const BLOCK = 256 * 1024;
const ROW_MS = 20_000;

/** A disk of a browser that takes so many blocks, and says how much is free, which need not be so. */
export interface Disk extends Room {
  blocks: number;
  free: number;
  used: number;
  /** Whether `free` is what the browser tells every site. */
  nominal: boolean;
  /** How many blocks were written to it, and how often it was asked to keep them. */
  written: number;
  /** Whether a block is written now, or when that resolves. */
  turn: () => Promise<void> | undefined;
  asked: number;
}

export function createDisk(blocks = Infinity): Disk {
  const disk: Disk = {
    blocks,
    free: 10_000 * BLOCK,
    used: 0,
    nominal: false,
    written: 0,
    turn: () => undefined,
    asked: 0,
    measure: () =>
      Promise.resolve({ used: disk.used, free: disk.free, nominal: disk.nominal, persisted: false }),
    persist() {
      disk.asked += 1;
      return Promise.resolve();
    },
  };
  return disk;
}

function onDisk({ blocks, shares }: Stores, disk: Disk): Stores {
  return {
    shares,
    blocks: {
      ...blocks,
      async put(block) {
        await disk.turn();
        if (disk.blocks <= 0) throw new DOMException('no room', 'QuotaExceededError');
        disk.blocks -= 1;
        disk.written += 1;
        await blocks.put(block);
      },
    },
  };
}

const network = createMemoryNetwork(systemClock);
const open: Node[] = [];

/** A browser with empty stores. */
export interface TestBrowser {
  readonly stores: ReturnType<typeof createMemoryBrowser>;
  readonly lock: ReturnType<typeof createMemoryStoreLock>;
  readonly duties: Duties;
}

export function createBrowser(duties: Duties = soleDuties): TestBrowser {
  return { stores: createMemoryBrowser(), lock: createMemoryStoreLock(), duties };
}

/** A tab of a browser on this disk. */
export async function openTab(disk: Disk = createDisk(), browser: TestBrowser = createBrowser()) {
  const identity = await identityFromKeys(await generateIdentityKeys());
  const transport = network.transport(identity.id);
  const shared = { clock: systemClock, random: systemRandom, log: silentLog };
  const stores = onDisk(browser.stores.openTab(), disk);
  const vault = createVault({ stores, lock: browser.lock, ...shared });
  const node = createNode(
    { vault, transport, identity, duties: browser.duties, room: disk, ...shared },
    { site: 'https://tabs.example/' },
  );
  open.push(node);
  await node.start();
  return { node, transport };
}

/** Of all tabs that were opened. */
export async function stopTabs(): Promise<void> {
  for (const node of open.splice(0)) await node.stop();
}

/** Resolves with the first row that is like that, as soon as there is one. */
export async function rowWhere(node: Node, accept: (view: TransferView) => boolean): Promise<TransferView> {
  const { transfers } = await stateWhere(node.snapshot, (snapshot) => snapshot.transfers.some(accept), {
    signal: AbortSignal.timeout(ROW_MS),
  });
  return transfers.find(accept) as TransferView;
}
