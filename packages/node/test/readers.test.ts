import { abortable, systemClock, systemRandom, silentLog } from '@tabswarm/base';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { equalBytes } from '@tabswarm/protocol/bytes';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createMemoryBrowser, type Stores } from '@tabswarm/store';
import type { Root } from '@tabswarm/protocol/ids';
import type { Urge, Window } from '@tabswarm/swarm';
import { createSeededRandom } from '@tabswarm/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Node } from '../src/api.ts';
import { soleDuties, type Duties } from '../src/duties.ts';
import { createNode } from '../src/node.ts';
import { createReaders } from '../src/readers.ts';
import { createShares } from '../src/shares.ts';
import { createMemoryStoreLock, createVault } from '../src/vault/index.ts';

const BLOCK = 256 * 1024;

const network = createMemoryNetwork(systemClock);
const open: Node[] = [];

async function openTab({ duties = soleDuties }: { duties?: Duties } = {}) {
  const identity = await identityFromKeys(await generateIdentityKeys());
  const transport = network.transport(identity.id);
  const stores: Stores = createMemoryBrowser().openTab();
  const shared = { clock: systemClock, random: systemRandom, log: silentLog };
  const vault = createVault({ stores, lock: createMemoryStoreLock(), ...shared });
  const node = createNode(
    { vault, transport, identity, duties, ...shared },
    { site: 'https://tabs.example/' },
  );
  open.push(node);
  await node.start();
  return { node, transport, vault, stores };
}

const bytesOf = (length: number, seed = 3): Uint8Array<ArrayBuffer> => createSeededRandom(seed).bytes(length);

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

afterEach(async () => {
  for (const node of open.splice(0)) await node.stop();
});

describe('reading a file while it arrives', () => {
  for (const visibility of ['private', 'public'] as const) {
    it(`[PV1] gives the bytes of a ${visibility} file in order, before it is known what there is`, async () => {
      const [a, b] = [await openTab(), await openTab()];
      const film = bytesOf(9 * BLOCK + 77);
      const { link, root } = await a.node.share(
        [
          { path: ['set', 'film'], file: new Blob([film]) },
          { path: ['set', 'notes'], file: new Blob(['some words']) },
        ],
        { visibility },
      );
      await b.node.add(link);
      const [whole, notes, part] = [
        collect(b.node.stream(root, ['film'])),
        collect(b.node.stream(root, ['set', 'notes'])),
        collect(b.node.stream(root, ['film'], { start: 3 * BLOCK - 5, end: 5 * BLOCK + 1 })),
      ];
      await b.transport.dial(a.transport.self);
      expect(equalBytes(await whole, film)).toBe(true);
      expect(new TextDecoder().decode(await notes)).toBe('some words');
      expect(equalBytes(await part, film.subarray(3 * BLOCK - 5, 5 * BLOCK + 1))).toBe(true);
    });
  }

  it('[PV1] ends at once where nothing is asked for, and at the end of the file', async () => {
    const a = await openTab();
    const { root } = await a.node.share([{ path: ['x'], file: new Blob(['0123456789']) }]);
    const read = async (start: number, end: number | undefined): Promise<string> =>
      new TextDecoder().decode(await collect(a.node.stream(root, undefined, { start, end })));
    expect(await read(4, 4)).toBe('');
    expect(await read(20, undefined)).toBe('');
    expect(await read(7, 99)).toBe('789');
    expect(() => a.node.stream(root, undefined, { start: 3, end: 2 })).toThrow(RangeError);
    expect(() => a.node.stream(root, undefined, { start: -1 })).toThrow(RangeError);
  });

  it('leaves nothing at a signal that is the same for thousands of files', async () => {
    const a = await openTab();
    const { root } = await a.node.share([{ path: ['x'], file: new Blob(['0123456789']) }]);
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const stream = (): ReadableStream<Uint8Array> => a.node.stream(root, undefined, { signal });
    await collect(stream());
    await stream().cancel();
    await expect(collect(a.node.stream(root, ['not', 'there'], { signal }))).rejects.toThrow('no such file');
    const listeners = added.mock.calls.map(([, listener]) => listener);
    expect(listeners).toHaveLength(3);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(expect.arrayContaining(listeners));
  });

  it('[PV2] reads no further than it is taken', async () => {
    const a = await openTab();
    const { root } = await a.node.share([{ path: ['x'], file: new Blob([bytesOf(20 * BLOCK)]) }]);
    const read: number[] = [];
    const slice = a.vault.slice;
    a.vault.slice = async (...args) => {
      const bytes = await slice(...args);
      read.push(bytes.byteLength);
      return bytes;
    };
    const reader = a.node.stream(root).getReader();
    await reader.read();
    await reader.read();
    await reader.cancel();
    expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(Math.max(...read)).toBeLessThanOrEqual(1024 * 1024);
  });

  it('[PV3] waits through a pause, and for a block that the browser has lost', async () => {
    const [a, b] = [await openTab(), await openTab()];
    const film = bytesOf(6 * BLOCK);
    const { link, root } = await a.node.share([{ path: ['x'], file: new Blob([film]) }]);
    await b.node.add(link);
    await b.node.pause(root);
    const first = collect(b.node.stream(root));
    await b.transport.dial(a.transport.self);
    await b.node.resume(root);
    expect(equalBytes(await first, film)).toBe(true);
    const ids = [...(await b.stores.blocks.ids())];
    await b.stores.blocks.delete(ids.slice(2, 4));
    expect(equalBytes(await collect(b.node.stream(root)), film)).toBe(true);
  });

  it('[PV3] ends with the reason where it can never come', async () => {
    const [a, b] = [await openTab(), await openTab()];
    const { link, root } = await a.node.share([{ path: ['x'], file: new Blob([bytesOf(BLOCK)]) }]);
    await expect(collect(a.node.stream(root, ['y']))).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(collect(a.node.stream('ab'.repeat(32) as Root))).rejects.toMatchObject({
      name: 'NotFoundError',
    });
    await b.node.add(link);
    const waiting = collect(b.node.stream(root)).catch((cause: unknown) => cause);
    const aborted = new AbortController();
    const leaving = collect(b.node.stream(root, undefined, { signal: aborted.signal }));
    aborted.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    await b.node.remove(root);
    expect(await waiting).toMatchObject({ name: 'NotFoundError' });
    await b.transport.dial(a.transport.self);
    await b.node.add(root);
    await expect(collect(b.node.stream(root))).rejects.toMatchObject({ name: 'WrongKeyError' });
  });

  it('[PV10] is served in a tab whose download another tab of the browser has', async () => {
    const elsewhere: Duties = {
      hold: (_name, _work, { signal }) => abortable(new Promise(() => undefined), signal),
    };
    const [a, b] = [await openTab(), await openTab({ duties: elsewhere })];
    const film = bytesOf(40 * BLOCK);
    const { link, root } = await a.node.share([{ path: ['x'], file: new Blob([film]) }]);
    await b.node.add(link);
    await b.transport.dial(a.transport.self);
    const part = await collect(b.node.stream(root, undefined, { start: 20 * BLOCK, end: 22 * BLOCK }));
    expect(equalBytes(part, film.subarray(20 * BLOCK, 22 * BLOCK))).toBe(true);
    // The manifest and what was read; all else is the other tab's.
    expect((await b.vault.usage()).blocks).toBe(3);
  });

  it('[PV2] hurries 8 MiB ahead, and nothing any more once it is left or done', async () => {
    const a = await openTab();
    const { root } = await a.node.share([{ path: ['x'], file: new Blob([bytesOf(40 * BLOCK)]) }]);
    const shares = createShares(a.vault);
    await shares.load();
    const windows: Window[] = [];
    const urges = new Set<Urge>();
    const urge = (): Urge => {
      const one: Urge = { set: (window) => void windows.push(window), release: () => void urges.delete(one) };
      urges.add(one);
      return one;
    };
    const { stream, isWanted } = createReaders({
      vault: a.vault,
      shares,
      swarm: { urge },
      onChange: () => undefined,
    });
    const reader = stream(root, undefined, { start: 2 * BLOCK }).getReader();
    await reader.read();
    // The manifest is block 0.
    expect(windows[0]).toEqual({ first: 3, end: 3 + 32, until: 41, waiting: false });
    expect(urges.size).toBe(1);
    await reader.cancel();
    expect(urges.size).toBe(0);
    await collect(stream(root));
    await collect(stream(root, ['none'])).catch(() => undefined);
    expect(urges.size).toBe(0);
    expect(isWanted(root)).toBe(false);
    shares.stop();
  });
});
