import { errorText, type Log } from '@tabswarm/base';
import type { Memento } from './memento.ts';
import { allEvicted } from './problems.ts';
import type { Room, RoomView } from './room.ts';
import type { Shares } from './shares.ts';
import type { Problem } from './snapshot.ts';
import type { Usage, Vault } from './vault.ts';

/** What is kept, how much room there is, and whether the browser has cleared it away. */
export interface Housekeeping {
  readonly usage: Usage;
  readonly room: RoomView | undefined;
  /** That there was something here, where nothing is left of it; until it is dismissed. */
  readonly lost: Problem | undefined;
  /** To be called once the shares are loaded. */
  start(): void;
  measure(): void;
  dismissLost(): void;
}

export interface HousekeepingCollaborators {
  readonly vault: Vault;
  readonly shares: Shares;
  readonly room: Room;
  readonly memento: Memento;
  readonly log: Log;
  readonly onChange: () => void;
  readonly onRoom: (room: RoomView) => void;
}

export function createHousekeeping({
  vault,
  shares,
  room,
  memento,
  log,
  onChange,
  onRoom,
}: HousekeepingCollaborators): Housekeeping {
  let usage: Usage = { blocks: 0, bytes: 0 };
  let roomView: RoomView | undefined;
  let lost: Problem | undefined;

  const take = ([measured, measuredRoom]: readonly [Usage, RoomView | undefined]): void => {
    usage = measured;
    roomView = measuredRoom;
    const count = shares.all().length;
    // What was there is told for as long as there is nothing else, also after a reload.
    if (count > 0) lost = undefined;
    if (!lost) memento.write({ shares: count, bytes: usage.bytes });
    onChange();
    if (measuredRoom) onRoom(measuredRoom);
  };

  return {
    get usage() {
      return usage;
    },
    get room() {
      return roomView;
    },
    get lost() {
      return lost;
    },
    start() {
      const kept = memento.read();
      if (kept && kept.shares > 0 && shares.all().length === 0) lost = allEvicted(kept);
    },
    measure() {
      Promise.all([vault.usage(), room.measure()]).then(take, (cause: unknown) =>
        log.warn('could not measure the storage', { cause: errorText(cause) }),
      );
    },
    dismissLost() {
      lost = undefined;
      memento.write({ shares: shares.all().length, bytes: usage.bytes });
      onChange();
    },
  };
}
