import { abortable, createDeferred, silentLog } from '@tabswarm/base';
import { createSeededRandom } from '@tabswarm/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { soleDuties, type Duties } from '../src/duties.ts';
import { createRoom, hasRoomCome, type RoomView } from '../src/room.ts';
import type { TransferView } from '../src/snapshot.ts';
import { BLOCK, createBrowser, createDisk, openTab, rowWhere, stopTabs, type Disk } from './room-support.ts';

const MIB = 1024 * 1024;
const SIZE = 40 * BLOCK;

/** `blocks` is how many the share has. */
async function openLinked(disk: Disk) {
  const sharersDisk = createDisk();
  const sharer = await openTab(sharersDisk);
  const { link, root } = await sharer.node.share([{ path: ['a.bin'], file: fileOf(SIZE) }]);
  const { node, transport } = await openTab(disk);
  await transport.dial(sharer.transport.self);
  return { node, link, root, blocks: sharersDisk.written };
}

function fileOf(bytes: number): Blob {
  return new Blob([createSeededRandom(7).bytes(bytes)]);
}

/** One duty, of whoever asked for it first. */
function oneAfterTheOther(): Duties {
  let last: Promise<unknown> = Promise.resolve();
  return {
    hold(_name, work, { signal }) {
      const held = abortable(last, signal).then(() => soleDuties.hold(_name, work, { signal }));
      last = Promise.allSettled([last, held]);
      return held;
    },
  };
}

const problemOf = ({ status }: TransferView) => ('problem' in status ? status.problem : undefined);

afterEach(stopTabs);

describe('a download that there is no room for', () => {
  it('[ST25] says how much it needs and how much is free before a block is written, and starts once there is room', async () => {
    const disk = createDisk();
    disk.free = 3 * MIB;
    const { node, link, root } = await openLinked(disk);
    await node.add(link);
    const row = await rowWhere(node, (view) => problemOf(view)?.code === 'no-room');
    expect(row).toMatchObject({ root, status: { state: 'paused' } });
    expect(problemOf(row)?.message).toBe('This needs 10.5 MB, and 3.15 MB are free in this browser.');
    expect(disk.written).toBeLessThan(40);

    disk.free = 20 * MIB;
    await rowWhere(node, ({ status }) => status.state === 'complete');
  });

  it('[ST25] is fetched anyway where the user wants it', async () => {
    const disk = createDisk();
    disk.free = 3 * MIB;
    const { node, link, root } = await openLinked(disk);
    await node.add(link);
    await rowWhere(node, (view) => problemOf(view)?.code === 'no-room');
    await node.resume(root, { anyway: true });
    await rowWhere(node, ({ status }) => status.state === 'complete');
  });

  it('[ST25] is fetched where nobody knows how much is free', async () => {
    const disk = createDisk();
    disk.free = 3 * MIB;
    disk.nominal = true;
    const { node, link } = await openLinked(disk);
    await node.add(link);
    await rowWhere(node, ({ status }) => status.state === 'complete');
  });

  it('[ST25] is still fetched as far as somebody reads it', async () => {
    const disk = createDisk();
    disk.free = 3 * MIB;
    const { node, link, root } = await openLinked(disk);
    await node.add(link);
    await rowWhere(node, (view) => problemOf(view)?.code === 'no-room');
    const stream = node.stream(root, ['a.bin'], { start: 5 * BLOCK, end: 5 * BLOCK + 10 });
    const read = await new Response(stream).arrayBuffer();
    expect(new Uint8Array(read)).toEqual(
      createSeededRandom(7)
        .bytes(SIZE)
        .slice(5 * BLOCK, 5 * BLOCK + 10),
    );
    await rowWhere(node, (view) => problemOf(view)?.code === 'no-room');
  });

  it('[ST26] goes on by itself when less is used than when the disk got full, and writes nothing twice', async () => {
    const disk = createDisk(20);
    disk.used = 50 * MIB;
    const { node, link, blocks } = await openLinked(disk);
    await node.add(link);
    const { progress } = await rowWhere(node, (view) => problemOf(view)?.code === 'disk-full');
    expect(progress).toBeGreaterThan(0.3);
    disk.blocks = Infinity;
    disk.used = 30 * MIB;
    await rowWhere(node, ({ status }) => status.state === 'complete');
    expect(disk.written).toBe(blocks);
  });

  it('[ST29] is waited for again by a tab that it stopped in, once another one gets on with it', async () => {
    const disk = createDisk(20);
    const sharer = await openTab();
    const { link, root } = await sharer.node.share([{ path: ['a.bin'], file: fileOf(SIZE) }]);
    const browser = createBrowser(oneAfterTheOther());
    const [first, second] = [await openTab(disk, browser), await openTab(disk, browser)];
    for (const { node, transport } of [first, second]) {
      await transport.dial(sharer.transport.self);
      await node.add(link);
    }
    for (const { node } of [first, second])
      await rowWhere(node, (view) => problemOf(view)?.code === 'disk-full');

    const rest = createDeferred<void>();
    const pauseAt = disk.written + 8;
    disk.turn = () => (disk.written >= pauseAt ? rest.promise : undefined);
    disk.blocks = Infinity;
    await first.node.resume(root);
    await rowWhere(second.node, ({ status }) => status.state === 'fetching' && status.elsewhere === true);
    const stopped = first.node.stop();
    rest.resolve();
    await stopped;
    await rowWhere(second.node, ({ status }) => status.state === 'complete');
  });

  it('[ST27] has the browser asked to keep what is stored', async () => {
    const disk = createDisk();
    const { node, link } = await openLinked(disk);
    expect(disk.asked).toBe(0);
    await node.add(link);
    expect(disk.asked).toBe(1);
    const { root } = await node.share([{ path: ['b.bin'], file: fileOf(5) }], { visibility: 'public' });
    expect(disk.asked).toBe(2);
    await node.addTorrent(await node.torrent(root));
    expect(disk.asked).toBe(3);
  });
});

describe('files that there is no room for', () => {
  it('[ST26] go on by themselves when more is free, and otherwise when the user wants it', async () => {
    const disk = createDisk(20);
    const { node } = await openTab(disk);
    const sharing = node.share([{ path: ['a.bin'], file: fileOf(SIZE) }]);
    const row = await rowWhere(node, (view) => problemOf(view)?.code === 'disk-full');
    expect(row).toMatchObject({ status: { state: 'paused' } });
    expect(row.root).toBeUndefined();
    disk.blocks = 20;
    await node.resume(row.id);
    await rowWhere(node, (view) => view.progress > row.progress && problemOf(view)?.code === 'disk-full');
    disk.blocks = Infinity;
    disk.free *= 10;
    await sharing;
    await rowWhere(node, ({ status }) => status.state === 'sharing');
  });

  it('[ST22] wait when the user wants it', async () => {
    const { node } = await openTab(createDisk());
    const sharing = node.share([{ path: ['a.bin'], file: fileOf(SIZE) }]);
    const { id } = await rowWhere(node, ({ status }) => status.state === 'hashing');
    await node.pause(id);
    await rowWhere(node, ({ status }) => status.state === 'paused');
    await node.resume(id);
    await sharing;
  });
});

const at = (free: number, used: number, nominal = false): RoomView => ({
  free: free * MIB,
  used: used * MIB,
  nominal,
  persisted: false,
});

const roomOf = (quota: number | undefined) =>
  createRoom(
    {
      estimate: () => Promise.resolve({ usage: 30, quota }),
      persisted: () => Promise.resolve(true),
    } as StorageManager,
    silentLog,
  );

describe('room that came', () => {
  it('[ST26] is more than there was, and enough', () => {
    const wait = {};
    expect(hasRoomCome(wait, at(100, 50), 10 * MIB, 0)).toBe(false);
    expect(hasRoomCome(wait, at(100, 50), 10 * MIB, 0)).toBe(false);
    expect(hasRoomCome(wait, at(90, 60), 10 * MIB, 0)).toBe(false);
    expect(hasRoomCome(wait, at(95, 60), 96 * MIB, 0)).toBe(false);
    expect(hasRoomCome(wait, at(95, 60), 10 * MIB, 0)).toBe(true);
    expect(hasRoomCome({ since: at(90, 60) }, at(90, 50), 10 * MIB, 0)).toBe(true);
  });

  it('[ST26] is tried for after a minute, or when less is used, where the browser tells every site the same', () => {
    const wait = {};
    expect(hasRoomCome(wait, at(10_240, 50, true), 20_000 * MIB, 0)).toBe(false);
    expect(hasRoomCome(wait, at(10_240, 50, true), 20_000 * MIB, 59_999)).toBe(false);
    expect(hasRoomCome(wait, at(10_240, 50, true), 20_000 * MIB, 60_000)).toBe(true);
    expect(hasRoomCome({ since: at(10_240, 50) }, at(10_240, 40, true), 10 * MIB, 0)).toBe(true);
  });

  it('[ST25] is not known where the browser tells every site the same', async () => {
    const of10GiB = await roomOf(30 + 10 * 1024 * MIB).measure();
    expect(of10GiB).toMatchObject({ free: 10 * 1024 * MIB, nominal: true });
    expect(await roomOf(30 + 3 * 1024 * MIB).measure()).toMatchObject({ nominal: true });
    expect(await roomOf(30 + 11 * 1024 * MIB).measure()).toMatchObject({ nominal: false });
    expect(await roomOf(31 + 10 * 1024 * MIB).measure()).toMatchObject({ nominal: false });
  });

  it('[ST25] is what the browser says, and unknown where it says nothing', async () => {
    expect(await roomOf(100).measure()).toEqual({ used: 30, free: 70, nominal: false, persisted: true });
    expect(await roomOf(20).measure()).toEqual({ used: 30, free: 0, nominal: false, persisted: true });
    expect(await roomOf(undefined).measure()).toBeUndefined();
  });
});
