import { errorText, type Log } from '@tabswarm/base';

/** The room that the browser gives this site on the disk, in bytes. */
export interface RoomView {
  readonly used: number;
  readonly free: number;
  /** Whether the browser tells every site that so much is free, which says nothing of the disk. */
  readonly nominal: boolean;
  /** Whether the browser has promised not to remove it by itself when the disk gets full. */
  readonly persisted: boolean;
}

export interface Room {
  /** Undefined where the browser does not say. */
  measure(): Promise<RoomView | undefined>;
  /** Asks the browser to keep what is stored. It may ask the person, or decide by itself. */
  persist(): Promise<void>;
}

const GIB = 1024 ** 3;
/**
 * Chromium tells sites that 10 GiB are free beside what they use, or the size of the disk where that is less, in whole GiB
 * (its policy StaticStorageQuotaEnabled). What a site may really store is as before, a share of the disk.
 */
const MAX_NOMINAL_BYTES = 10 * GIB;

/** For a store of which nothing is known. */
export const unknownRoom: Room = {
  measure: () => Promise.resolve(undefined),
  persist: () => Promise.resolve(),
};

export function createRoom(storage: StorageManager, log: Log): Room {
  return {
    async measure() {
      try {
        const [{ usage, quota }, persisted] = await Promise.all([storage.estimate(), storage.persisted()]);
        if (usage === undefined || quota === undefined) return undefined;
        const free = Math.max(0, quota - usage);
        const nominal = free > 0 && free <= MAX_NOMINAL_BYTES && free % GIB === 0;
        return { used: usage, free, nominal, persisted };
      } catch (cause) {
        log.warn('the browser does not say how much room there is', { cause: errorText(cause) });
        return undefined;
      }
    },
    async persist() {
      try {
        if (!(await storage.persisted())) log.info('asked to persist', { granted: await storage.persist() });
      } catch (cause) {
        log.warn('the browser cannot be asked to keep what is stored', { cause: errorText(cause) });
      }
    },
  };
}

/** The browser has less room for a share than the rest of it needs. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
  readonly needed: number;
  readonly free: number;

  constructor(needed: number, free: number) {
    super(`${needed} bytes are needed, and ${free} are free`);
    this.needed = needed;
    this.free = free;
  }
}

/** Less than this may come and go by itself. */
const MIN_GAIN_BYTES = 1024 * 1024;
/** Where nobody says how much is free, what stopped finds out by trying, so often. */
const TRY_AGAIN_MS = 60_000;

/** Something that stopped for want of room. */
export interface RoomWait {
  /** The least that was free since, and the most that was used; undefined until that has been measured. */
  since?: { readonly free: number; readonly used: number } | undefined;
  /** When that was first asked, in milliseconds since the epoch. */
  askedAt?: number;
}

/** Notes what there is now that it has stopped. */
export async function startWait(room: Room, wait: RoomWait): Promise<void> {
  const measured = await room.measure();
  wait.since ??= measured;
}

/**
 * Whether it may go on by itself: there is room for all that it needs, and there is more, or less is used, than when it
 * stopped. The first alone would have it try again and again, as browsers know no better than roughly what is free. Where
 * they tell every site the same, it may also go on after a while.
 */
export function hasRoomCome(
  wait: RoomWait,
  { free, used, nominal }: RoomView,
  needed: number,
  now: number,
): boolean {
  wait.askedAt ??= now;
  const since = wait.since ?? { free, used };
  wait.since = { free: Math.min(since.free, free), used: Math.max(since.used, used) };
  if (nominal) return since.used - used >= MIN_GAIN_BYTES || now - wait.askedAt >= TRY_AGAIN_MS;
  const gained = Math.max(free - since.free, since.used - used);
  return free >= needed && gained >= MIN_GAIN_BYTES;
}
