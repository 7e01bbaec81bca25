import { abortable, createListeners, type Clock, type Log, type Random, errorText } from '@tabswarm/base';
import { UnreachableError, type Link, type Transport, type UnreachableReason } from '@tabswarm/net';
import { fromUtf8, toHex, type Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import {
  INTRODUCTION_VERSION,
  MAX_CLOCK_SKEW_MS,
  type DeclineReason,
  type Envelope,
} from '@tabswarm/protocol/introduction';
import { createAttempt, isNewerThanBound, reasonForDecline, type Attempt, type Route } from './attempt.ts';
import { decodeCandidates } from './candidates.ts';
import { createCensus, type ConnectionCounts, type WatchCollection } from './census.ts';
import type { Connection, OpenConnection } from './connection.ts';
import { createConnector } from './connector.ts';
import type { Introducer } from './introducer.ts';
import { createKnocker, KNOCK_LIMIT_MS } from './knocker.ts';
import { createLaneConnector } from './lanes/lane-connector.ts';
import { isSoleSource } from './lanes/sole-source.ts';
import { createMailbox } from './mailbox.ts';
import { createPeerIntroducer } from './peer-introducer.ts';
import { createRecent } from './recent.ts';
import { createRoom } from './room.ts';
import { createRtcLink, type RtcLink } from './rtc-link.ts';

/** From the first description to open channels: four round trips, and more where many candidates must be tried. */
const CONNECT_LIMIT_MS = 10_000;
/** Sessions that came to an end, so that a late copy of a knock begins nothing. Older ones are refused by their time. */
const ENDED_SESSIONS = { ms: 2 * MAX_CLOCK_SKEW_MS, entries: 512 };
const DEFAULT_MAX_LINKS = 64;
/** Of one attempt: ours, theirs, and those of a tab that is loaded anew meanwhile. */
const MAX_SESSIONS = 4;

export interface WebRtcCollaborators {
  readonly identity: Identity;
  /** Introducers besides the linked peers, which are always one. */
  readonly introducers: readonly Introducer[];
  readonly open: OpenConnection;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How it is found out that a connection's object has been collected; tests replace it. */
  readonly watchCollection?: WatchCollection | undefined;
}

export interface WebRtcTransport extends Transport {
  /** Connection objects: whoever makes many of them, however short-lived, comes to the browser's limit. */
  connections(): ConnectionCounts;
  /** Time may have passed unnoticed: links whose other end is gone meanwhile end within seconds. */
  wake(): void;
}

/**
 * Links over WebRTC. Whoever dials knocks first; no connection object is made before the other side has said that it
 * will answer. Who is knocked at offers at once, as a knock says that; where both have knocked, it is the node with the
 * smaller id, so two that dial one another at once do not collide.
 */
export function createWebRtcTransport(
  {
    identity,
    introducers: given,
    open,
    iceServers,
    clock,
    random,
    log,
    watchCollection,
  }: WebRtcCollaborators,
  { maxLinks = DEFAULT_MAX_LINKS }: { readonly maxLinks?: number } = {},
): WebRtcTransport {
  const self = identity.id;
  const census = createCensus(watchCollection ? { watch: watchCollection } : {});
  const links = new Map<NodeId, RtcLink>();
  const attempts = new Map<NodeId, Attempt>();
  const ended = createRecent<string, true>(clock, ENDED_SESSIONS);
  const opened = createListeners<Link>();
  const room = createRoom({ links, attempts, census, log }, { maxLinks });
  let running = false;

  const base = {
    self,
    links: () => [...links.values()],
    link: (node: NodeId) => links.get(node),
    onLink: (listener: (link: Link) => void) => opened.subscribe(listener),
  };
  const introducers: readonly Introducer[] = [createPeerIntroducer(base, { clock, log }), ...given];

  const mailbox = createMailbox({
    identity,
    introducers,
    clock,
    log,
    onEnvelope(envelope, route) {
      if (running) onEnvelope(envelope, route);
    },
  });
  const connectLane = createLaneConnector({ open, iceServers, census, clock });
  const isSole = (link: RtcLink): boolean => isSoleSource(link, links.values());
  const makeConnection = createConnector({ open, iceServers, census, mailbox, clock });

  const finish = (attempt: Attempt): void => {
    if (attempts.get(attempt.remote) === attempt) attempts.delete(attempt.remote);
    for (const cancel of attempt.timers.splice(0)) cancel();
    for (const session of attempt.sessions.keys()) ended.set(session, true);
  };

  const fail = (attempt: Attempt, reason: UnreachableReason, cause?: unknown): void => {
    if (attempts.get(attempt.remote) !== attempt) return;
    finish(attempt);
    attempt.connection?.close();
    log.info('no link', {
      peer: attempt.remote,
      reason,
      cause: cause === undefined ? undefined : errorText(cause),
    });
    attempt.outcome.reject(new UnreachableError(attempt.remote, reason, { cause }));
  };

  const attemptWith = (remote: NodeId): Attempt => {
    const attempt = attempts.get(remote) ?? createAttempt(remote);
    attempts.set(remote, attempt);
    return attempt;
  };

  /** Makes the connection object and joins it to the other side by `route`. */
  const connect = (attempt: Attempt, session: Bytes, route: Route, initiator: boolean): void => {
    const { remote } = attempt;
    const connection = makeConnection(remote, { session, route, initiator });
    attempt.connection = connection;
    attempt.session = session;
    const isCurrent = (): boolean => attempts.get(remote) === attempt && attempt.connection === connection;
    attempt.timers.push(
      clock.after(CONNECT_LIMIT_MS, () => {
        if (isCurrent()) fail(attempt, 'no-path');
      }),
    );
    connection.opened.then(
      () => {
        if (isCurrent()) settle(attempt, linkOver(connection, remote));
        else connection.close();
      },
      (cause: unknown) => {
        if (isCurrent()) fail(attempt, 'no-path', cause);
      },
    );
  };

  const linkOver = (connection: Connection, remote: NodeId): RtcLink =>
    createRtcLink(
      { connection, connectLane, isSole, clock, random, log },
      { remote, parity: self < remote ? 0 : 1 },
    );

  const settle = (attempt: Attempt, link: RtcLink): void => {
    // Its first message, which was here before the link, may have been its last.
    if (link.closed.aborted) {
      fail(attempt, 'no-path', link.closed.reason);
      return;
    }
    finish(attempt);
    // A tab that was reloaded comes back under its id before its old link has timed out.
    links.get(link.remote)?.close('pruned');
    links.set(link.remote, link);
    link.closed.addEventListener('abort', () => {
      if (links.get(link.remote) === link) links.delete(link.remote);
    });
    log.info('linked', { peer: link.remote });
    opened.emit(link);
    attempt.outcome.resolve(link);
  };

  const onAbsent = (attempt: Attempt, cause?: unknown): void => fail(attempt, 'absent', cause);
  const knock = createKnocker({ mailbox, clock, random, onAbsent });

  const onKnock = ({ from, version, session, time }: Envelope, route: Route): void => {
    const name = toHex(session);
    if (ended.get(name)) return;
    const decline = (reason: DeclineReason): void => {
      log.debug('declined a knock', { peer: from, reason });
      mailbox.tell(from, route, 'decline', session, reason);
    };
    if (version !== INTRODUCTION_VERSION) {
      decline(version < INTRODUCTION_VERSION ? 'too-old' : 'too-new');
      return;
    }
    const known = attempts.get(from);
    const firstAt = known?.sessions.get(name);
    const repeated = firstAt !== undefined;
    const refusal = known ? undefined : room.refusal(from, 'them');
    if (refusal !== undefined) {
      decline(refusal);
      return;
    }
    const attempt = attemptWith(from);
    if (!repeated && attempt.sessions.size >= MAX_SESSIONS) return;
    attempt.sessions.set(name, repeated ? Math.max(firstAt, time) : time);
    const replaces = attempt.connection !== undefined;
    if (attempt.connection) {
      const isBound = attempt.session !== undefined && toHex(attempt.session) === name;
      // A mere copy of a knock, come by another carrier, has the time of the first. Who knocks anew has not heard us.
      const isAnew = repeated && time > firstAt;
      if (isBound && isAnew) attempt.connection.sayAgain(route);
      if (isBound || attempt.replaced || !(isAnew || isNewerThanBound(attempt, time))) return;
      // A tab that was loaded anew, or gave up and tries again. It is believed once.
      if (!room.hasConnection(from)) {
        decline('busy');
        return;
      }
      attempt.replaced = true;
      attempt.connection.close();
      attempt.connection = undefined;
    }
    if (attempt.knocked === undefined || self < from) connect(attempt, session, route, true);
    else {
      mailbox.tell(from, route, 'accept', session);
      if (!repeated || replaces) attempt.timers.push(clock.after(KNOCK_LIMIT_MS, () => expire(attempt)));
    }
  };

  /** Both knocked, the other side was told yes, and never offered. */
  const expire = (attempt: Attempt): void => {
    if (!attempt.connection) fail(attempt, 'no-path');
  };

  const onEnvelope = (envelope: Envelope, route: Route): void => {
    if (envelope.kind === 'knock') {
      onKnock(envelope, route);
      return;
    }
    const { from, session, body } = envelope;
    const attempt = attempts.get(from);
    const name = toHex(session);
    if (!attempt?.sessions.has(name)) return;
    const { connection } = attempt;
    const ours = attempt.knocked !== undefined && toHex(attempt.knocked) === name;
    const bound = attempt.session !== undefined && toHex(attempt.session) === name;
    switch (envelope.kind) {
      case 'accept':
        if (ours && !connection && self < from) connect(attempt, session, route, true);
        return;
      case 'decline':
        if (ours && !connection) fail(attempt, reasonForDecline(fromUtf8(body)));
        return;
      case 'offer':
        // With the smaller id one's own offer is on its way to whoever knocked.
        if (connection || (self < from && !ours)) return;
        connect(attempt, session, route, false);
        attempt.connection?.signal({ type: 'offer', sdp: fromUtf8(body) });
        return;
      case 'answer':
        if (bound) connection?.signal({ type: 'answer', sdp: fromUtf8(body) });
        return;
      case 'candidate':
        if (!bound) return;
        for (const candidate of decodeCandidates(body)) connection?.signal({ type: 'candidate', candidate });
    }
  };

  for (const introducer of introducers) {
    introducer.onAbsent((node) => {
      const attempt = attempts.get(node);
      if (!attempt || attempt.connection) return;
      attempt.hopes.delete(introducer);
      if (attempt.hopes.size === 0) fail(attempt, 'absent');
    });
  }

  return {
    ...base,
    connections: () => census.counts(),
    wake() {
      for (const link of links.values()) link.probe();
    },
    async dial(node, { signal, via } = {}) {
      signal?.throwIfAborted();
      if (!running) throw new UnreachableError(node, 'stopped');
      if (node === self) throw new UnreachableError(node, 'absent');
      const link = links.get(node);
      if (link) return link;
      let attempt = attempts.get(node);
      if (!attempt) {
        if (room.refusal(node, 'us') !== undefined) throw new UnreachableError(node, 'busy');
        attempt = attemptWith(node);
        knock(attempt, via);
      }
      return abortable(attempt.outcome.promise, signal);
    },
    start() {
      running = true;
      return Promise.resolve();
    },
    stop() {
      running = false;
      for (const attempt of [...attempts.values()]) fail(attempt, 'stopped');
      for (const link of [...links.values()]) link.close('leaving');
      return Promise.resolve();
    },
  };
}
