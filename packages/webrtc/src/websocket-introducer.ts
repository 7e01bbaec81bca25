import {
  createListeners,
  createState,
  type Clock,
  type Log,
  type Random,
  type State,
  type Unsubscribe,
  errorText,
} from '@tabswarm/base';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import {
  answerChallenge,
  clientMessage,
  serverMessage,
  type ClientMessage,
  type IceServer,
  type Refusal,
  type ServerMessage,
} from '@tabswarm/protocol/signaling';
import type { Arrival, Introducer } from './introducer.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Retries are spread by this share of the delay, so that a restarted server is not met by everybody at once. */
const RETRY_JITTER = 0.3;
/** Signing in takes two round trips; a server that has not answered by then is not one. */
const SIGN_IN_LIMIT_MS = 10_000;
/** A connection that broke sooner says nothing about the next one: the delay goes on growing. */
const FIRM_MS = 10_000;
/** A question that is not answered by then was asked of a dead connection, which no browser notices for minutes. */
const ANSWER_LIMIT_MS = 8_000;
/** Others are asked for so often, give or take RETRY_JITTER: it shows that the server lives, and joins networks that broke apart. */
const ASK_AGAIN_MS = 60_000;

export type SignalingState =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** Not connected; it is tried again by itself unless the server said why not. */
  | { readonly state: 'offline'; readonly refusal?: Refusal | undefined };

export interface WebSocketIntroducer extends Introducer {
  readonly url: string;
  readonly state: State<SignalingState>;
  /** The STUN and TURN servers that the operator offers. */
  iceServers(): readonly IceServer[];
  /** Told of live peers, after signing in and when asked for more. */
  onPeers(listener: (peers: readonly NodeId[]) => void): Unsubscribe;
  /** Asks for other peers. */
  more(): void;
  /** Time may have passed unnoticed: reconnects at once, or makes sure that the connection lives. */
  wake(): void;
  start(): void;
  stop(): void;
}

export interface WebSocketIntroducerCollaborators {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: (url: string) => WebSocket;
}

/** Introductions by the signaling server at `url` (ws: or wss:). Reconnects by itself until stopped. */
export function createWebSocketIntroducer(
  { identity, clock, random, log, connect }: WebSocketIntroducerCollaborators,
  { url }: { readonly url: string },
): WebSocketIntroducer {
  const state = createState<SignalingState>({ state: 'connecting' });
  const arrivals = createListeners<Arrival>();
  const absences = createListeners<NodeId>();
  const introductions = createListeners<readonly NodeId[]>();
  let iceServers: readonly IceServer[] = [];
  let socket: WebSocket | undefined;
  let running = false;
  let failures = 0;
  let refusal: Refusal | undefined;
  /** What is waited for: the next attempt, the end of signing in, or the time to ask for more. */
  let cancelTimer: (() => void) | undefined;
  let cancelAnswer: (() => void) | undefined;
  let connectedAt = 0;

  const tell = (message: ClientMessage): boolean => {
    if (!socket || socket.readyState !== socket.OPEN) return false;
    socket.send(clientMessage.encode(message));
    return true;
  };

  const onMessage = async (message: ServerMessage, from: WebSocket): Promise<void> => {
    switch (message.type) {
      case 'challenge': {
        const hello = await answerChallenge(identity, message.nonce);
        if (socket === from) tell(hello);
        return;
      }
      case 'welcome':
        connectedAt = clock.now();
        askLater();
        iceServers = message.iceServers;
        state.set({ state: 'connected' });
        introductions.emit(message.peers);
        return;
      case 'peers':
        introductions.emit(message.peers);
        return;
      case 'deliver':
        arrivals.emit({ envelope: message.envelope, from: message.from });
        return;
      case 'absent':
        absences.emit(message.to);
        return;
      case 'refused':
        refusal = message.reason;
        log.warn('the signaling server refused', { reason: message.reason });
    }
  };

  const spread = (ms: number): number => ms * (1 + RETRY_JITTER * (2 * random.number() - 1));

  const later = (ms: number, run: () => void): void => {
    cancelTimer?.();
    cancelTimer = clock.after(ms, run);
  };

  const askLater = (): void =>
    later(spread(ASK_AGAIN_MS), () => {
      ask();
      askLater();
    });

  /** Asks for more peers, and gives the connection up where no answer comes. */
  const ask = (): void => {
    const asked = socket;
    if (!asked || state.get().state !== 'connected' || !tell({ type: 'more' })) return;
    cancelAnswer ??= clock.after(ANSWER_LIMIT_MS, () => {
      log.info('the signaling server does not answer');
      giveUp(asked);
    });
  };

  const retry = (): void => {
    const backOff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    later(spread(backOff), open);
  };

  const isFinal = (): boolean => refusal === 'too-old' || refusal === 'too-new' || refusal === 'replaced';

  const onOver = (from: WebSocket): void => {
    if (socket !== from) return;
    socket = undefined;
    cancelTimer?.();
    cancelAnswer?.();
    cancelAnswer = undefined;
    if (!running) return;
    if (state.get().state === 'connected' && clock.now() - connectedAt >= FIRM_MS) failures = 0;
    state.set({ state: 'offline', refusal });
    // Another version does not change by asking again; the same identity is in use by a newer tab.
    if (!isFinal()) retry();
  };

  /** Closing a connection whose other end is gone takes a browser as long as it likes: it is over for us now. */
  const giveUp = (from: WebSocket): void => {
    from.close();
    onOver(from);
  };

  function open(): void {
    if (!running) return;
    refusal = undefined;
    let next: WebSocket;
    try {
      next = connect(url);
    } catch (cause) {
      log.warn('a signaling server cannot be connected to', { cause: errorText(cause) });
      state.set({ state: 'offline' });
      retry();
      return;
    }
    next.binaryType = 'arraybuffer';
    socket = next;
    later(SIGN_IN_LIMIT_MS, () => giveUp(next));
    next.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (socket !== next || !(data instanceof ArrayBuffer)) return;
      cancelAnswer?.();
      cancelAnswer = undefined;
      try {
        onMessage(serverMessage.decode(new Uint8Array(data)), next).catch((cause: unknown) => {
          log.error('signing in failed', { cause: errorText(cause) });
          next.close();
        });
      } catch (cause) {
        log.warn('the signaling server sent a bad message', { cause: errorText(cause) });
        next.close();
      }
    });
    next.addEventListener('close', () => onOver(next));
  }

  return {
    name: 'server',
    url,
    state,
    iceServers: () => iceServers,
    onPeers: (listener) => introductions.subscribe(listener),
    more: ask,
    wake() {
      if (!running || isFinal()) return;
      failures = 0;
      if (state.get().state === 'connected') ask();
      else if (!socket) later(0, open);
    },
    carry: (to, envelope: Bytes) =>
      Promise.resolve(state.get().state === 'connected' && tell({ type: 'send', to, envelope })),
    onEnvelope: (listener) => arrivals.subscribe(listener),
    onAbsent: (listener) => absences.subscribe(listener),
    start() {
      if (running) return;
      running = true;
      state.set({ state: 'connecting' });
      open();
    },
    stop() {
      running = false;
      cancelTimer?.();
      cancelAnswer?.();
      cancelAnswer = undefined;
      const last = socket;
      socket = undefined;
      last?.close();
      state.set({ state: 'offline' });
    },
  };
}
