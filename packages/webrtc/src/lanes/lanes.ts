import { createDeferred, type Clock, type Deferred, type Log } from '@tabswarm/base';
import { utf8 } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_CONNECTIONS, type LinkMessage } from '@tabswarm/protocol/link';
import { batchCandidates, decodeCandidates } from '../candidates.ts';
import type { Connection, Signal } from '../connection.ts';
import type { Outbox } from '../outbox.ts';
import type { ConnectLane } from './lane-connector.ts';
import { createEnding } from './ending.ts';
import { createLane, type Lane } from './lane.ts';

/** A lane that takes longer to open is given up; the link's own path is known to work meanwhile. */
const OPEN_LIMIT_MS = 8_000;
const MAX_NUMBER = 0xffff;
/** More than any browser finds; each is an address that we knock at. */
const MAX_CANDIDATES = 64;
/** Kept for all lanes of a link, until they are acknowledged: lanes are for paths that carry less than this in a second. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/**
 * What a link may send again for its lanes, and of all that it sends: several times what lanes lose that die or are tried
 * in vain. Nothing else bounds it: no limit on the rate is asked, and how much came is the other end's word.
 */
const MAX_AGAIN_BYTES = 2 * 1024 * 1024;
const MAX_AGAIN_SHARE = 1 / 16;

export type LaneMessage = Extract<LinkMessage, { type: `lane${string}` }>;

/** The connections of a link besides its first. */
export interface Lanes {
  /** Those that are open, whoever made them. */
  count(): number;
  /** Makes so many more, as far as there may be; resolves with those that opened. */
  open(count: number): Promise<readonly Lane[]>;
  close(lanes: readonly Lane[]): void;
  /** Hands nothing to them until they are resumed; what they hold leaves. */
  pause(lanes: readonly Lane[]): void;
  resume(lanes: readonly Lane[]): void;
  /** Throws a ProtocolError for a message that does not fit. */
  onMessage(message: LaneMessage): void;
}

export interface LanesCollaborators {
  readonly connect: ConnectLane;
  /** Where messages go that are to be sent; open lanes are added to it. */
  readonly outbox: Outbox;
  /** To the other end, on the link's control channel. */
  readonly say: (message: LaneMessage) => void;
  /** Takes a bulk message that came. */
  readonly deliver: (message: Uint8Array<ArrayBuffer>) => void;
  /** Whether we want more of what the other end sends: a lane for one source of several only shifts rate. */
  readonly isWelcome: () => boolean;
  /** The other end does not say how much of a lane came: what did not is lost, unless the link is over. */
  readonly onSilent: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LanesOptions {
  readonly remote: NodeId;
  /** Numbers of ours are even at one end of a link and odd at the other. */
  readonly parity: 0 | 1;
  /** Aborts when the link is over. */
  readonly closed: AbortSignal;
}

interface Opening {
  readonly lane: Lane;
  /** Whether the other end knows of it, and will say when it ends. */
  isKnown: boolean;
  /** Candidates told to the other end, and by it. */
  told: number;
  heard: number;
  readonly done: Deferred<boolean>;
}

export function createLanes(
  { connect, outbox, say, deliver, isWelcome, onSilent, clock, log }: LanesCollaborators,
  { remote, parity, closed }: LanesOptions,
): Lanes {
  /** Open or opening. */
  const live = new Map<number, Opening>();
  const opened = new Set<Lane>();
  const ending = createEnding(clock, onSilent);
  let nextOurs: number = parity;
  let lastTheirs = -1;
  let bytesAgain = 0;
  /** Whether lanes lose no more than they may. */
  let areSound = true;

  const keptBytes = (): number => {
    let bytes = ending.keptBytes();
    for (const { lane } of live.values()) bytes += lane.keptBytes();
    return bytes;
  };

  const end = (lane: Lane, why: string): void => {
    const entry = live.get(lane.number);
    if (entry?.lane !== lane) return;
    live.delete(lane.number);
    if (opened.delete(lane)) log.info('a lane ended', { peer: remote, lane: lane.number, why });
    outbox.remove(lane.flow);
    lane.stop();
    lane.connection.close();
    entry.done.resolve(false);
    if (!entry.isKnown) return;
    ending.add(lane);
    say({ type: 'laneEnd', lane: lane.number, count: lane.received });
  };

  const onOpened = (lane: Lane): void => {
    const entry = live.get(lane.number);
    if (!entry) return;
    opened.add(lane);
    outbox.add(lane.flow);
    entry.done.resolve(true);
  };

  const begin = (number: number, isOurs: boolean): Opening | undefined => {
    if (closed.aborted || !areSound || ending.count() > 0 || live.size + 1 >= MAX_CONNECTIONS)
      return undefined;
    const onCandidate = batchCandidates(clock, (candidates) => {
      if (live.has(number)) say({ type: 'laneCandidates', lane: number, candidates });
    });
    const onSignal = (signal: Signal): void => {
      const entry = live.get(number);
      if (!entry) return;
      if (signal.type === 'candidate') {
        entry.told += 1;
        if (entry.told <= MAX_CANDIDATES) onCandidate(signal.candidate);
        return;
      }
      entry.isKnown = true;
      say({ type: signal.type === 'offer' ? 'laneOffer' : 'laneAnswer', lane: number, sdp: signal.sdp });
    };
    const connection = connect({ initiator: isOurs, onSignal });
    return connection && take(connection, number, isOurs);
  };

  const take = (connection: Connection, number: number, isOurs: boolean): Opening => {
    const lane = createLane(
      { connection, clock },
      {
        number,
        isOurs,
        mayKeep: (bytes) => keptBytes() + bytes <= MAX_KEPT_BYTES,
        onDead: (why) => end(lane, why),
      },
    );
    const entry: Opening = { lane, isKnown: !isOurs, told: 0, heard: 0, done: createDeferred() };
    live.set(number, entry);
    connection.control.onMessage((message) => {
      if (live.get(number) !== entry) return;
      lane.received += 1;
      say({ type: 'laneGot', lane: number, count: lane.received });
      deliver(message);
    });
    connection.opened.then(
      () => onOpened(lane),
      () => end(lane, 'no path'),
    );
    void connection.over.then(() => end(lane, 'lost'));
    const cancel = clock.after(OPEN_LIMIT_MS, () => {
      if (!opened.has(lane)) end(lane, 'no path');
    });
    void entry.done.promise.then(cancel);
    return entry;
  };

  const sendAgain = (messages: readonly Uint8Array<ArrayBuffer>[]): void => {
    for (const message of messages) bytesAgain += message.byteLength;
    if (areSound && bytesAgain > MAX_AGAIN_BYTES + MAX_AGAIN_SHARE * outbox.bytesSent()) {
      areSound = false;
      log.warn('a link has no more lanes: too much of what they carry does not come', {
        peer: remote,
        bytesAgain,
      });
      for (const { lane } of live.values()) end(lane, 'lanes lose too much');
    }
    outbox.sendAgain(messages);
  };

  closed.addEventListener('abort', () => {
    for (const { lane, done } of live.values()) {
      lane.drop();
      lane.connection.close();
      done.resolve(false);
    }
    live.clear();
    opened.clear();
    ending.clear();
  });

  const onOffer = (number: number, sdp: string): void => {
    if (number % 2 === parity || number <= lastTheirs) {
      throw new ProtocolError('malformed', 'a lane of a number that is not free');
    }
    lastTheirs = number;
    const entry = isWelcome() ? begin(number, false) : undefined;
    if (entry) entry.lane.connection.signal({ type: 'offer', sdp });
    else say({ type: 'laneEnd', lane: number, count: 0 });
  };

  const onCandidates = (entry: Opening, candidates: readonly RTCIceCandidateInit[]): void => {
    // A message without any counts as well.
    entry.heard += Math.max(1, candidates.length);
    if (entry.heard > MAX_CANDIDATES) throw new ProtocolError('too-large', 'too many candidates for a lane');
    for (const candidate of candidates) entry.lane.connection.signal({ type: 'candidate', candidate });
  };

  return {
    count: () => opened.size,
    async open(count) {
      const made: Opening[] = [];
      while (made.length < count && nextOurs <= MAX_NUMBER) {
        const entry = begin(nextOurs, true);
        if (!entry) break;
        nextOurs += 2;
        made.push(entry);
      }
      await Promise.all(made.map(({ done }) => done.promise));
      return made.map(({ lane }) => lane).filter((lane) => opened.has(lane));
    },
    close(lanes) {
      for (const lane of lanes) end(lane, 'of no use');
    },
    pause(lanes) {
      for (const lane of lanes) outbox.remove(lane.flow);
    },
    resume(lanes) {
      for (const lane of lanes) if (opened.has(lane)) outbox.add(lane.flow);
    },
    onMessage(message) {
      const entry = live.get(message.lane);
      const lane = entry?.lane;
      switch (message.type) {
        case 'laneOffer':
          onOffer(message.lane, message.sdp);
          return;
        case 'laneAnswer':
          if (lane?.isOurs === true) lane.connection.signal({ type: 'answer', sdp: message.sdp });
          return;
        case 'laneCandidates': {
          const candidates = decodeCandidates(utf8(message.candidates));
          if (entry) onCandidates(entry, candidates);
          return;
        }
        case 'laneGot':
          lane?.acknowledge(message.count);
          return;
        case 'laneEnd': {
          if (lane) end(lane, 'ended by the other side');
          const over = ending.take(message.lane);
          if (over) sendAgain(over.rest(message.count));
        }
      }
    },
  };
}
