import {
  createLog,
  sleep,
  stateWhere,
  systemClock,
  systemRandom,
  type Clock,
  type LogEntry,
} from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { sha256, toHex } from '@tabswarm/protocol/bytes';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createMemoryBrowser } from '@tabswarm/store';
import { createSeededRandom } from '@tabswarm/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { soleDuties } from '../src/duties.ts';
import type { Node } from '../src/api.ts';
import { createNode } from '../src/node.ts';
import type { TransferView } from '../src/snapshot.ts';
import type { Vault } from '../src/vault.ts';
import { createMemoryStoreLock, createVault } from '../src/vault/index.ts';

interface Tab {
  readonly node: Node;
  readonly transport: Transport;
  readonly entries: LogEntry[];
}

type Browser = ReturnType<typeof createBrowser>;

const REDRAW_MS = 200;
/** What is not drawn at once is not drawn at all. */
const drawsNever: Clock = {
  ...systemClock,
  after: (ms, run) => (ms === REDRAW_MS ? () => undefined : systemClock.after(ms, run)),
};

/** As in a worker, from where the end of the hashing comes in a message of its own, after that of the share. */
const inWorker = (vault: Vault): Vault => ({
  ...vault,
  async add(...args) {
    const view = await vault.add(...args);
    await sleep(systemClock, 20);
    return view;
  },
});

const network = createMemoryNetwork(systemClock);
const open: Node[] = [];

function createBrowser() {
  return { stores: createMemoryBrowser(), lock: createMemoryStoreLock() };
}

async function openTab(
  { stores, lock }: Browser = createBrowser(),
  { clock = systemClock, through = (vault: Vault) => vault } = {},
): Promise<Tab> {
  const identity = await identityFromKeys(await generateIdentityKeys());
  const transport = network.transport(identity.id);
  const entries: LogEntry[] = [];
  const log = createLog((entry) => entries.push(entry));
  const shared = { clock, random: systemRandom, log };
  const vault = through(createVault({ stores: stores.openTab(), lock, ...shared }));
  const node = createNode(
    { vault, transport, identity, duties: soleDuties, ...shared },
    { site: 'https://tabs.example/' },
  );
  open.push(node);
  await node.start();
  return { node, transport, entries };
}

/** Tabs that are linked to the first one, and so find one another. */
async function openTabs(count: number): Promise<Tab[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab()));
  for (const tab of tabs.slice(1)) await tab.transport.dial((tabs[0] as Tab).transport.self);
  return tabs;
}

function fileOf(bytes: number, seed = 7): Blob {
  return new Blob([createSeededRandom(seed).bytes(bytes)]);
}

async function row(node: Node, root: string, accept: (view: TransferView) => boolean): Promise<TransferView> {
  const find = (transfers: readonly TransferView[]) =>
    transfers.find((view) => view.root === root && accept(view));
  const { transfers } = await stateWhere(
    node.snapshot,
    (snapshot) => find(snapshot.transfers) !== undefined,
    {
      signal: AbortSignal.timeout(15_000),
    },
  );
  return find(transfers) as TransferView;
}

const hashOf = async (blob: Blob): Promise<string> =>
  toHex(await sha256(new Uint8Array(await blob.arrayBuffer())));

afterEach(async () => {
  for (const node of open.splice(0)) await node.stop();
});

describe('sharing and downloading', () => {
  it('brings a private file, under its name, to whoever has the link', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    const file = fileOf(700_000);
    const { link, root } = await a.node.share([{ path: ['ünï “q”.bin'], file }]);
    expect(link).toMatch(
      /^https:\/\/tabs\.example\/#magnet:\?xt=urn:btmh:1220[0-9a-f]{64}&xl=700000&x\.k=[\w-]{43}$/,
    );
    expect(await b.node.download(link)).toEqual({ root });
    const view = await row(b.node, root, ({ status }) => status.state === 'complete');
    expect(view).toMatchObject({ name: 'ünï “q”.bin', size: 700_000, progress: 1, readable: true });
    expect(await hashOf(await b.node.read(root))).toEqual(await hashOf(file));
  });

  it('says at once that a download is done, and not with the next drawing', async () => {
    const [a, b] = [await openTab(), await openTab(createBrowser(), { clock: drawsNever })];
    await b.transport.dial(a.transport.self);
    const { link, root } = await a.node.share([{ path: ['x'], file: fileOf(700_000) }]);
    expect(await b.node.download(link)).toEqual({ root });
  });

  it('shows no row for what is shared beside that of its hashing', async () => {
    const { node } = await openTab(createBrowser(), { clock: drawsNever, through: inWorker });
    const counts: number[] = [];
    node.snapshot.subscribe(() => {
      counts.push(node.snapshot.get().transfers.length);
    });
    await node.share([{ path: ['x'], file: fileOf(700_000) }]);
    expect(Math.max(0, ...counts)).toBeLessThanOrEqual(1);
  });

  it('serves from those who downloaded, when the first has gone', async () => {
    const [a, b, c] = (await openTabs(3)) as [Tab, Tab, Tab];
    await c.transport.dial(b.transport.self);
    const file = fileOf(600_000);
    const { link, root } = await a.node.share([{ path: ['x'], file }], { visibility: 'public' });
    await b.node.download(link);
    await a.node.stop();
    await c.node.download(link);
    expect(await hashOf(await c.node.read(root))).toEqual(await hashOf(file));
  });

  it('holds a private share without its key, and opens it once the key comes', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    const file = fileOf(300_000);
    const { link, root } = await a.node.share([{ path: ['secret plan.txt'], file }]);
    await b.node.download(root);
    const held = await row(b.node, root, ({ status }) => status.state === 'complete');
    expect(held.readable).toBe(false);
    expect(held.status).toMatchObject({ problem: { code: 'no-key' } });
    expect(JSON.stringify(held)).not.toContain('secret');
    await b.node.download(link);
    const opened = await row(b.node, root, ({ readable }) => readable);
    expect(opened.name).toBe('secret plan.txt');
    expect(await hashOf(await b.node.read(root))).toEqual(await hashOf(file));
  });

  it('says that a key is wrong, and makes good with the right one', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    const { link, root } = await a.node.share([{ path: ['x'], file: fileOf(300_000) }]);
    const wrong = link.replace(/x\.k=.{43}/, `x.k=${'A'.repeat(43)}`);
    await expect(b.node.download(wrong)).rejects.toMatchObject({ problem: { code: 'wrong-key' } });
    await b.node.download(link);
    expect((await row(b.node, root, ({ readable }) => readable)).status.state).toBe('complete');
  });

  it('says so when nobody holds it, and goes on when somebody comes', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    const other = await openTab();
    const file = fileOf(300_000);
    const { link, root } = await other.node.share([{ path: ['x'], file }]);
    const download = b.node.download(link);
    const waiting = await row(
      b.node,
      root,
      ({ status }) => 'problem' in status && status.problem !== undefined,
    );
    expect(waiting.status).toMatchObject({ state: 'finding', problem: { code: 'nobody-holds' } });
    await other.transport.dial(a.transport.self);
    await download;
    expect(await hashOf(await b.node.read(root))).toEqual(await hashOf(file));
  });

  it('takes no share without bytes for granted: empty files, and one byte', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    for (const visibility of ['private', 'public'] as const) {
      for (const size of [0, 1]) {
        const { link, root } = await a.node.share([{ path: ['tiny'], file: fileOf(size) }], { visibility });
        await b.node.download(link);
        expect((await b.node.read(root)).size).toBe(size);
      }
    }
  });

  it('pauses, resumes and forgets', async () => {
    const [a, b] = (await openTabs(2)) as [Tab, Tab];
    const { link, root } = await a.node.share([{ path: ['x'], file: fileOf(300_000) }]);
    await a.node.stop();
    await b.node.add(link);
    await b.node.pause(root);
    await row(b.node, root, ({ status }) => status.state === 'paused');
    await b.node.resume(root);
    await row(b.node, root, ({ status }) => status.state === 'finding');
    await b.node.remove(root);
    await stateWhere(b.node.snapshot, ({ transfers }) => transfers.length === 0);
  });

  it('keeps files that could not be shared in sight until they are dismissed', async () => {
    const { node } = await openTab();
    const file = fileOf(10);
    Object.defineProperty(file, 'size', { value: 11 });
    await expect(node.share([{ path: ['x'], file }])).rejects.toMatchObject({ name: 'NotReadableError' });
    const { transfers } = await stateWhere(node.snapshot, (snapshot) => snapshot.transfers.length > 0);
    expect(transfers).toMatchObject([
      { name: 'x', status: { state: 'failed', problem: { code: 'not-readable' } } },
    ]);
    await node.remove(transfers[0]?.id ?? '');
    await stateWhere(node.snapshot, (snapshot) => snapshot.transfers.length === 0);
  });

  it('refuses what is no link, in words', async () => {
    const tab = await openTab();
    await expect(tab.node.add('hello')).rejects.toMatchObject({ name: 'LinkError', code: 'not-a-link' });
  });

  it('links to a node by its id, and says why where it cannot', async () => {
    const [a, b] = [await openTab(), await openTab()];
    await a.node.connect(b.transport.self.toUpperCase());
    expect(b.transport.link(a.transport.self)).toBeDefined();
    await expect(a.node.connect('ab'.repeat(32))).rejects.toMatchObject({ reason: 'absent' });
    await expect(a.node.connect('hello')).rejects.toThrow(SyntaxError);
  });

  it('stops a download with its signal, and keeps what came', async () => {
    const tab = await openTab();
    const over = new AbortController();
    const download = tab.node.download('ab'.repeat(32), { signal: over.signal });
    over.abort(new Error('changed my mind'));
    await expect(download).rejects.toThrow('changed my mind');
  });
});

describe('two tabs of one browser', () => {
  it('are two nodes on one store, and each serves what either has', async () => {
    const browser = createBrowser();
    const [one, two] = [await openTab(browser), await openTab(browser)];
    const stranger = await openTab();
    expect(one.transport.self).not.toBe(two.transport.self);
    const file = fileOf(500_000);
    const { link, root } = await one.node.share([{ path: ['both.bin'], file }]);
    const seen = await row(two.node, root, ({ status }) => status.state === 'sharing');
    expect(seen).toMatchObject({ name: 'both.bin', link });
    await stranger.transport.dial(two.transport.self);
    await one.node.stop();
    await stranger.node.download(link);
    expect(await hashOf(await stranger.node.read(root))).toEqual(await hashOf(file));
  });
});
