import type { Clock } from '@tabswarm/base';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { Connection } from '../connection.ts';
import { createBulkFlow, type Flow } from '../flow.ts';

type Message = Uint8Array<ArrayBuffer>;

/** A lane on which nothing has moved for so long is dead: several times what a lost packet may cost. */
const STALL_MS = 2_500;
/** A message that has left so long ago and is not acknowledged never will be; whatever else moves. */
const UNACKNOWLEDGED_MS = 30_000;
/** How often that is looked at, as long as something is under way. */
const LOOK_MS = 500;

interface Kept {
  readonly message: Message;
  /** Bytes that were handed over up to its end. */
  readonly end: number;
  /** When all of it was first seen to have left. */
  leftAt?: number;
}

/** One connection of a link besides its first. Its messages keep their order, so a count says which have come. */
export interface Lane {
  readonly number: number;
  readonly isOurs: boolean;
  readonly connection: Connection;
  /** The way for what we send. */
  readonly flow: Flow;
  /** When a message was last handed to it, or it was made. */
  usedAt(): number;
  /** Messages that came from the other side. */
  received: number;
  /** Bytes of messages that were handed over and not acknowledged, so that they can be sent another way. */
  keptBytes(): number;
  /** So many of our messages have come. Throws a ProtocolError where that cannot be. */
  acknowledge(count: number): void;
  /** Nothing is sent here any more; what is kept stays. */
  stop(): void;
  /** What did not come, once the other side has said how much did. Throws as `acknowledge` does. */
  rest(count: number): readonly Message[];
  /** The link is over, and what is kept of no use. */
  drop(): void;
}

export interface LaneOptions {
  readonly number: number;
  readonly isOurs: boolean;
  /** Whether the link may keep so many bytes more. */
  readonly mayKeep: (bytes: number) => boolean;
  /** Nothing that we send arrives any more. */
  readonly onDead: (why: string) => void;
}

export function createLane(
  { connection, clock }: { readonly connection: Connection; readonly clock: Clock },
  { number, isOurs, mayKeep, onDead }: LaneOptions,
): Lane {
  const flow = createBulkFlow(connection.control, clock);
  const kept: Kept[] = [];
  let keptBytes = 0;
  let handed = 0;
  let usedAt = clock.now();
  let drained = 0;
  let acknowledged = 0;
  /** When a message was last acknowledged, some of one seen to leave, or one handed over with none before it. */
  let movedAt = 0;
  let cancelWatch: (() => void) | undefined;
  let onRoom: (() => void) | undefined;
  flow.onRoom(() => onRoom?.());

  const watch = (): void => {
    cancelWatch = undefined;
    if (kept.length === 0) return;
    const now = clock.now();
    const latest = handed - flow.buffered();
    // On a slow path a message is long under way, but some of it leaves all the time.
    if (latest > drained) movedAt = now;
    drained = latest;
    for (const one of kept) {
      if (one.end > drained) break;
      one.leftAt ??= now;
    }
    if (now - movedAt >= STALL_MS) onDead('stalled');
    else if (now - (kept[0]?.leftAt ?? now) >= UNACKNOWLEDGED_MS) onDead('not acknowledged');
    else cancelWatch = clock.after(LOOK_MS, watch);
  };

  const forget = (count: number): void => {
    const more = count - acknowledged;
    if (more < 0 || more > kept.length) {
      throw new ProtocolError('malformed', 'a lane acknowledges what was not sent');
    }
    for (const { message } of kept.splice(0, more)) keptBytes -= message.byteLength;
    acknowledged = count;
  };

  const stop = (): void => {
    cancelWatch?.();
    onRoom = undefined;
  };

  const giveUp = (): readonly Message[] => {
    keptBytes = 0;
    return kept.splice(0).map(({ message }) => message);
  };

  return {
    number,
    isOurs,
    connection,
    usedAt: () => usedAt,
    received: 0,
    keptBytes: () => keptBytes,
    flow: {
      buffered: flow.buffered,
      hasRoom: (bytes) => mayKeep(bytes) && flow.hasRoom(bytes),
      hand(message) {
        const copy = message.slice();
        usedAt = clock.now();
        if (kept.push({ message: copy, end: handed + copy.byteLength }) === 1) movedAt = clock.now();
        keptBytes += copy.byteLength;
        try {
          flow.hand(copy);
          handed += copy.byteLength;
        } catch {
          // A connection refuses messages before it says that it is over. What is kept goes another way then.
          onDead('refused a message');
          return;
        }
        if (!cancelWatch) watch();
      },
      onRoom(listener) {
        onRoom = listener;
      },
    },
    acknowledge(count) {
      forget(count);
      movedAt = clock.now();
      onRoom?.();
    },
    stop,
    rest(count) {
      forget(count);
      return giveUp();
    },
    drop() {
      stop();
      giveUp();
    },
  };
}
