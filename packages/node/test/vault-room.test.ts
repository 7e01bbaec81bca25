import type { HashProgress } from '@tabswarm/node/vault';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  createTestBrowser,
  filesFrom,
  hashOf,
  onDisk,
  patternOf,
  type Disk,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;
const CONTENTS = { a: patternOf(40 * BLOCK, 1) };

describe('a share that is being made on a disk that gets full', () => {
  let browser: TestBrowser;
  let disk: Disk;
  let tab: TestTab;
  let told: HashProgress[];
  beforeEach(() => {
    browser = createTestBrowser();
    disk = { room: 20, written: [], awaited: new Set() };
    tab = browser.openTab({ stores: onDisk(disk) });
    told = [];
  });
  const add = (contents = CONTENTS) =>
    tab.add(filesFrom(contents), { visibility: 'public', job: 'x' }, (progress) => told.push(progress));
  const expectWaiting = () =>
    expect.poll(() => told.at(-1)).toMatchObject({ heldUp: 'no-room', bytesDone: 20 * BLOCK });

  it('[ST22] waits for room, and goes on with what is not stored', async () => {
    const adding = add();
    await expectWaiting();
    expect(disk.written).toHaveLength(20);
    expect(await tab.shares()).toEqual([]);

    disk.room = 5;
    await tab.goOn('x');
    await expect.poll(() => told.at(-1)).toMatchObject({ heldUp: 'no-room', bytesDone: 25 * BLOCK });
    disk.room = 100;
    await tab.goOn('x');
    const view = await adding;
    expect(blocksIn(view)).toHaveLength(40);
    expect(await hashOf(await tab.read(view.root))).toBe(await hashOf(CONTENTS.a));
    expect(disk.written).toHaveLength(40);
    expect(new Set(disk.written).size).toBe(40);
    expect(told.at(-1)).toMatchObject({ bytesDone: 40 * BLOCK });
    expect(told.at(-1)?.heldUp).toBeUndefined();
  });

  it('[ST22] leaves nothing behind when it is cancelled while it waits', async () => {
    const adding = add();
    await expectWaiting();
    const cancelled = expect(adding).rejects.toMatchObject({ name: 'AbortError' });
    await tab.cancel('x');
    await cancelled;
    expect(await tab.usage()).toEqual({ blocks: 0, bytes: 0 });
    expect(disk.room).toBe(20);
    expect(await tab.shares()).toEqual([]);
  });

  it('[ST22] waits when it is told to', async () => {
    disk.room = 100;
    let held = false;
    const adding = tab.add(filesFrom(CONTENTS), { visibility: 'public', job: 'x' }, (progress) => {
      told.push(progress);
      if (!held) void tab.holdUp('x');
      held = true;
    });
    await expect.poll(() => told.at(-1)?.heldUp).toBe('asked');
    expect(await tab.shares()).toEqual([]);
    await tab.goOn('x');
    expect(blocksIn(await adding)).toHaveLength(40);
    await expect(tab.holdUp('x')).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  it('[ST22] waits for room for what lists it as well', async () => {
    disk.room = 100;
    let full = true;
    tab = browser.openTab({
      stores: (stores) => ({
        ...stores,
        shares: {
          ...stores.shares,
          update: (root, change) =>
            full
              ? Promise.reject(new DOMException('no room', 'QuotaExceededError'))
              : stores.shares.update(root, change),
        },
      }),
    });
    const adding = add();
    await expect.poll(() => told.at(-1)?.heldUp).toBe('no-room');
    full = false;
    await tab.goOn('x');
    expect(blocksIn(await adding)).toHaveLength(40);
  });

  it('[ST23] has the room of a share that is removed meanwhile', async () => {
    disk.room = 50;
    const removed = await addTo(tab, { b: patternOf(30 * BLOCK, 7) });
    const adding = add();
    await expectWaiting();
    await tab.remove(removed.root);
    expect(disk.room).toBe(30);
    await tab.goOn('x');
    const view = await adding;
    expect(blocksIn(view)).toHaveLength(40);
    expect(await hashOf(await tab.read(view.root))).toBe(await hashOf(CONTENTS.a));
    expect(await tab.usage()).toEqual({ blocks: 40, bytes: 40 * BLOCK });
  });

  it('[ST23] keeps what it has in common with a share that is removed meanwhile', async () => {
    disk.room = 20;
    const removed = await addTo(tab, { b: patternOf(10 * BLOCK, 1) });
    for (const id of disk.written) disk.awaited.add(id);
    const adding = add();
    await expectWaiting();
    await tab.remove(removed.root);
    expect(disk.room).toBe(0);
    disk.room = 100;
    await tab.goOn('x');
    expect(blocksIn(await adding)).toHaveLength(40);
    expect(new Set(disk.written).size).toBe(disk.written.length);
  });

  it('[ST24] stores again what another tab has deleted before it is listed', async () => {
    const other = browser.openTab();
    const common = await addTo(other, { b: patternOf(10 * BLOCK, 1) });
    for (const id of await other.stores.blocks.ids()) disk.awaited.add(id);
    const adding = add();
    await expect.poll(() => told.at(-1)).toMatchObject({ heldUp: 'no-room', bytesDone: 30 * BLOCK });
    await other.remove(common.root);
    await expect.poll(async () => (await other.stores.blocks.ids()).size).toBe(20);
    disk.room = 100;
    await tab.goOn('x');
    const view = await adding;
    expect(blocksIn(view)).toHaveLength(40);
    expect(await hashOf(await tab.read(view.root))).toBe(await hashOf(CONTENTS.a));
    expect(await hashOf(await browser.openTab().read(view.root))).toBe(await hashOf(CONTENTS.a));
  });
});
