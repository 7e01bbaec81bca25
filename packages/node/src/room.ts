import { errorText, type Log } from '@tabswarm/base';

/** The room that the browser gives this site on the disk, in bytes. */
export interface RoomView {
  readonly used: number;
  readonly free: number;
  /** Whether the browser has promised not to remove it by itself when the disk gets full. */
  readonly persisted: boolean;
}

export interface Room {
  /** Undefined where the browser does not say. */
  measure(): Promise<RoomView | undefined>;
  /** Asks the browser to keep what is stored. It may ask the person, or decide by itself. */
  persist(): Promise<void>;
}

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
        return { used: usage, free: Math.max(0, quota - usage), persisted };
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

/** Something that stopped for want of room. */
export interface RoomWait {
  /** The least that was free since, and the most that was used; undefined until that has been measured. */
  since?: { readonly free: number; readonly used: number } | undefined;
}

/** Notes what there is now that it has stopped. */
export async function startWait(room: Room, wait: RoomWait): Promise<void> {
  const measured = await room.measure();
  wait.since ??= measured;
}

/**
 * Whether it may go on by itself: there is room for all that it needs, and there is more, or less is used, than when it
 * stopped. The first alone would have it try again and again: Chromium (156) tells every site that 10 GiB are free,
 * whatever there is.
 */
export function hasRoomCome(wait: RoomWait, { free, used }: RoomView, needed: number): boolean {
  const since = wait.since ?? { free, used };
  wait.since = { free: Math.min(since.free, free), used: Math.max(since.used, used) };
  const gained = Math.max(free - since.free, since.used - used);
  return free >= needed && gained >= MIN_GAIN_BYTES;
}
