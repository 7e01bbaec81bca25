import { abortable, createListeners, type Clock, type Log, type Random, errorText } from '@tabswarm/base';
import { UnreachableError, type Link, type Transport, type UnreachableReason } from '@tabswarm/net';
import { fromUtf8, toHex, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import {
  INTRODUCTION_VERSION,
  openEnvelope,
  sealEnvelope,
  type DeclineReason,
  type Envelope,
  type EnvelopeKind,
} from '@tabswarm/protocol/introduction';
import { createAttempt, reasonForDecline, type Attempt, type Route } from './attempt.ts';
import { decodeCandidates, encodeCandidates } from './candidates.ts';
import type { OpenConnection, Signal } from './connection.ts';
import type { Arrival, Introducer } from './introducer.ts';
import { createPeerIntroducer } from './peer-introducer.ts';
import { createRtcLink } from './rtc-link.ts';

/** A knock is repeated, as carriers may lose it, and given up after the last of these. */
const KNOCK_AGAIN_MS = [1_000, 2_500];
const KNOCK_LIMIT_MS = 4_500;
/** From the first description to open channels: four round trips, and more where many candidates must be tried. */
const CONNECT_LIMIT_MS = 10_000;
/** Candidates found within this time travel together: each envelope costs a signature. */
const CANDIDATE_BATCH_MS = 10;
/** Sessions that came to an end, so that a late copy of a knock begins nothing. */
const MAX_ENDED_SESSIONS = 512;
const DEFAULT_MAX_LINKS = 64;
/** Attempts under way at once, ours and theirs. */
const MAX_ATTEMPTS = 24;

export interface WebRtcCollaborators {
  readonly identity: Identity;
  /** Introducers besides the linked peers, which are always one. */
  readonly introducers: readonly Introducer[];
  readonly open: OpenConnection;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Links over WebRTC. Whoever dials knocks first; no connection object is made before the other side has said that it
 * will answer, and the node with the smaller id always offers, so two that dial one another at once do not collide.
 */
export function createWebRtcTransport(
  { identity, introducers: given, open, iceServers, clock, random, log }: WebRtcCollaborators,
  { maxLinks = DEFAULT_MAX_LINKS }: { readonly maxLinks?: number } = {},
): Transport {
  const self = identity.id;
  const links = new Map<NodeId, Link>();
  const attempts = new Map<NodeId, Attempt>();
  const ended = new Set<string>();
  const opened = createListeners<Link>();
  let running = false;

  const base = {
    self,
    links: () => [...links.values()],
    link: (node: NodeId) => links.get(node),
    onLink: (listener: (link: Link) => void) => opened.subscribe(listener),
  };
  const introducers: readonly Introducer[] = [createPeerIntroducer(base, { clock, log }), ...given];

  const finish = (attempt: Attempt): void => {
    if (attempts.get(attempt.remote) === attempt) attempts.delete(attempt.remote);
    for (const cancel of attempt.timers.splice(0)) cancel();
    for (const session of attempt.sessions.keys()) ended.add(session);
    for (const session of ended) {
      if (ended.size <= MAX_ENDED_SESSIONS) break;
      ended.delete(session);
    }
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

  const seal = (to: NodeId, kind: EnvelopeKind, session: Bytes, body: string): Promise<Bytes> =>
    sealEnvelope(identity, { kind, to, session, time: clock.now(), body: utf8(body) });

  /** Sends to one side of an attempt; what is lost on the way shows as the attempt's time-out. */
  const tell = (
    to: NodeId,
    { introducer, via }: Route,
    kind: EnvelopeKind,
    session: Bytes,
    body = '',
  ): void => {
    seal(to, kind, session, body)
      .then((envelope) => introducer.carry(to, envelope, { via }))
      .catch((cause: unknown) => log.warn('could not send an envelope', { kind, cause: errorText(cause) }));
  };

  const attemptWith = (remote: NodeId): Attempt => {
    const attempt = attempts.get(remote) ?? createAttempt(remote);
    attempts.set(remote, attempt);
    return attempt;
  };

  /** Makes the connection object and joins it to the other side by `route`. */
  const connect = (attempt: Attempt, session: Bytes, route: Route, initiator: boolean): void => {
    const { remote } = attempt;
    let candidates: RTCIceCandidateInit[] = [];
    const flush = (): void => {
      for (const body of encodeCandidates(candidates)) tell(remote, route, 'candidate', session, body);
      candidates = [];
    };
    const onSignal = (signal: Signal): void => {
      if (signal.type !== 'candidate') tell(remote, route, signal.type, session, signal.sdp);
      else if (candidates.push(signal.candidate) === 1)
        attempt.timers.push(clock.after(CANDIDATE_BATCH_MS, flush));
    };
    const connection = open({ initiator, iceServers: iceServers(), onSignal });
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
        if (isCurrent()) settle(attempt, createRtcLink({ connection, clock, random, log }, remote));
        else connection.close();
      },
      (cause: unknown) => {
        if (isCurrent()) fail(attempt, 'no-path', cause);
      },
    );
  };

  const settle = (attempt: Attempt, link: Link): void => {
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

  const knock = (attempt: Attempt, via: NodeId | undefined): void => {
    const session = random.bytes(16);
    attempt.knocked = session;
    attempt.sessions.set(toHex(session), clock.now());
    const send = async (): Promise<void> => {
      const envelope = await seal(attempt.remote, 'knock', session, '');
      const taken = await Promise.all(
        introducers.map(async (introducer) => {
          const took = await introducer.carry(attempt.remote, envelope, { via });
          if (took) attempt.hopes.add(introducer);
          return took;
        }),
      );
      if (!taken.includes(true) && !attempt.connection) fail(attempt, 'absent');
    };
    const trySend = (): void => {
      if (!attempt.connection) send().catch((cause: unknown) => fail(attempt, 'absent', cause));
    };
    trySend();
    for (const ms of KNOCK_AGAIN_MS) attempt.timers.push(clock.after(ms, trySend));
    attempt.timers.push(
      clock.after(KNOCK_LIMIT_MS, () => {
        if (!attempt.connection) fail(attempt, 'absent');
      }),
    );
  };

  const onKnock = ({ from, version, session, time }: Envelope, route: Route): void => {
    const name = toHex(session);
    if (ended.has(name)) return;
    const decline = (reason: DeclineReason): void => tell(from, route, 'decline', session, reason);
    if (version !== INTRODUCTION_VERSION) {
      decline(version < INTRODUCTION_VERSION ? 'too-old' : 'too-new');
      return;
    }
    const known = attempts.get(from);
    // A node that is linked already may come back: it replaces its own link and takes no more room.
    if (!known && !links.has(from) && links.size + attempts.size >= maxLinks) {
      decline('full');
      return;
    }
    if (!known && attempts.size >= MAX_ATTEMPTS) {
      decline('busy');
      return;
    }
    const attempt = attemptWith(from);
    const firstAt = attempt.sessions.get(name);
    const repeated = firstAt !== undefined;
    if (!repeated) attempt.sessions.set(name, time);
    if (attempt.connection) {
      // Whoever has a connection under way knocks no more. One that does is a tab that was loaded anew meanwhile; a mere
      // copy of its knock, come by another carrier, has the time of the first.
      const bound = attempt.session !== undefined && toHex(attempt.session) === name;
      if (bound || !repeated || time <= firstAt) return;
      attempt.connection.close();
      attempt.connection = undefined;
    }
    if (self < from) connect(attempt, session, route, true);
    else {
      tell(from, route, 'accept', session);
      if (!repeated) attempt.timers.push(clock.after(KNOCK_LIMIT_MS, () => expire(attempt)));
    }
  };

  /** The other side knocked, was told yes, and never offered. */
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
        if (connection || self < from) return;
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

  const onArrival = async (introducer: Introducer, { envelope, via }: Arrival): Promise<void> => {
    try {
      const message = await openEnvelope(envelope, self, clock.now());
      if (running) onEnvelope(message, { introducer, via });
    } catch (cause) {
      const code = cause instanceof ProtocolError ? cause.code : 'internal';
      log.warn('refused an envelope', { by: introducer.name, via, code, cause: errorText(cause) });
    }
  };

  for (const introducer of introducers) {
    // Envelopes are taken one after the other: a candidate must not overtake its offer while that is being verified.
    let queue = Promise.resolve();
    introducer.onEnvelope((arrival) => {
      queue = queue.then(() => onArrival(introducer, arrival));
    });
    introducer.onAbsent((node) => {
      const attempt = attempts.get(node);
      if (!attempt || attempt.connection) return;
      attempt.hopes.delete(introducer);
      if (attempt.hopes.size === 0) fail(attempt, 'absent');
    });
  }

  return {
    ...base,
    async dial(node, { signal, via } = {}) {
      signal?.throwIfAborted();
      if (!running) throw new UnreachableError(node, 'stopped');
      if (node === self) throw new UnreachableError(node, 'absent');
      const link = links.get(node);
      if (link) return link;
      let attempt = attempts.get(node);
      if (!attempt) {
        if (links.size >= maxLinks || attempts.size >= MAX_ATTEMPTS) throw new UnreachableError(node, 'busy');
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
