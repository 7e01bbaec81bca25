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
  let cancelTimer: (() => void) | undefined;

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
        failures = 0;
        cancelTimer?.();
        iceServers = message.iceServers;
        state.set({ state: 'connected' });
        introductions.emit(message.peers);
        return;
      case 'peers':
        introductions.emit(message.peers);
        return;
      case 'deliver':
        arrivals.emit({ envelope: message.envelope });
        return;
      case 'absent':
        absences.emit(message.to);
        return;
      case 'refused':
        refusal = message.reason;
        log.warn('the signaling server refused', { reason: message.reason });
    }
  };

  const retry = (): void => {
    const backOff = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    cancelTimer = clock.after(backOff * (1 + RETRY_JITTER * (2 * random.number() - 1)), open);
  };

  const onOver = (from: WebSocket): void => {
    if (socket !== from) return;
    socket = undefined;
    cancelTimer?.();
    if (!running) return;
    state.set({ state: 'offline', refusal });
    // Another version does not change by asking again; the same identity is in use by a newer tab.
    if (refusal === 'too-old' || refusal === 'too-new' || refusal === 'replaced') return;
    retry();
  };

  function open(): void {
    if (!running) return;
    refusal = undefined;
    const next = connect(url);
    next.binaryType = 'arraybuffer';
    socket = next;
    cancelTimer = clock.after(SIGN_IN_LIMIT_MS, () => next.close());
    next.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (socket !== next || !(data instanceof ArrayBuffer)) return;
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
    more: () => void tell({ type: 'more' }),
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
      const last = socket;
      socket = undefined;
      last?.close();
      state.set({ state: 'offline' });
    },
  };
}
