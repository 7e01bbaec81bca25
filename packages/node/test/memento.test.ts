import { createLog, silentLog, stateWhere, systemClock, systemRandom } from '@tabswarm/base';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createMemoryBrowser, type Stores } from '@tabswarm/store';
import { afterEach, describe, expect, it } from 'vitest';
import type { Node } from '../src/api.ts';
import { soleDuties } from '../src/duties.ts';
import { createMemento } from '../src/memento.ts';
import { createNode } from '../src/node.ts';
import { createMemoryStoreLock, createVault } from '../src/vault/index.ts';

const network = createMemoryNetwork(systemClock);
const open: Node[] = [];

function createStorage(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  } as Storage;
}

async function openTab(stores: Stores, storage: Storage): Promise<Node> {
  const identity = await identityFromKeys(await generateIdentityKeys());
  const shared = { clock: systemClock, random: systemRandom, log: silentLog };
  const node = createNode(
    {
      vault: createVault({ stores, lock: createMemoryStoreLock(), ...shared }),
      transport: network.transport(identity.id),
      identity,
      duties: soleDuties,
      memento: createMemento(() => storage, silentLog),
      ...shared,
    },
    { site: 'https://tabs.example/' },
  );
  open.push(node);
  await node.start();
  return node;
}

afterEach(async () => {
  for (const node of open.splice(0)) await node.stop();
});

describe('what a browser kept', () => {
  it('[ST30] is told where nothing is left of it, until that is dismissed', async () => {
    const storage = createStorage();
    const before = await openTab(createMemoryBrowser().openTab(), storage);
    expect(before.snapshot.get().lost).toBeUndefined();
    await before.share([{ path: ['a'], file: new Blob([new Uint8Array(9_000)]) }], { visibility: 'public' });
    await expect
      .poll(() => createMemento(() => storage, silentLog).read())
      .toEqual({ shares: 1, bytes: 9_000 });

    for (const visit of ['first', 'second']) {
      const after = await openTab(createMemoryBrowser().openTab(), storage);
      const { lost } = await stateWhere(after.snapshot, (snapshot) => snapshot.lost !== undefined);
      expect(lost?.message).toMatch(/cleared .* one share of 9\.00 KB/);
      if (visit === 'second') after.dismissLost();
    }
    const later = await openTab(createMemoryBrowser().openTab(), storage);
    await stateWhere(later.snapshot, ({ transfers, lost }) => transfers.length === 0 && lost === undefined);
    expect(createMemento(() => storage, silentLog).read()).toMatchObject({ shares: 0 });
  });

  it('[ST30] is not missed where the user has removed it', async () => {
    const storage = createStorage();
    const stores = createMemoryBrowser();
    const node = await openTab(stores.openTab(), storage);
    const { root } = await node.share([{ path: ['a'], file: new Blob(['a']) }]);
    await node.remove(root);
    await expect.poll(() => createMemento(() => storage, silentLog).read()?.shares).toBe(0);
    const again = await openTab(stores.openTab(), storage);
    expect(again.snapshot.get().lost).toBeUndefined();
  });

  it('[ST30] is not remembered where the browser does not let us', () => {
    const messages: string[] = [];
    const log = createLog(({ message }) => messages.push(message));
    const memento = createMemento(() => {
      throw new DOMException('turned off', 'SecurityError');
    }, log);
    memento.write({ shares: 1, bytes: 2 });
    expect(memento.read()).toBeUndefined();
    expect(messages).toHaveLength(2);
    const storage = createStorage();
    storage.setItem('tabswarm kept', 'rubbish');
    expect(createMemento(() => storage, log).read()).toBeUndefined();
  });
});
