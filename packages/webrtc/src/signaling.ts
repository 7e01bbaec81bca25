import {
  createListeners,
  createState,
  type Clock,
  type Log,
  type Random,
  type State,
  type Unsubscribe,
} from '@tabswarm/base';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import type { IceServer } from '@tabswarm/protocol/signaling';
import type { Arrival, Introducer } from './introducer.ts';
import { createRecent } from './recent.ts';
import {
  createWebSocketIntroducer,
  type SignalingState,
  type WebSocketIntroducer,
} from './websocket-introducer.ts';

/** Servers that links name and that are visited at once. Each is a socket, and a stranger chose it. */
const MAX_VISITED = 4;
/** A visit that is over may have introductions under way: they are given the time that one takes. */
const VISIT_LINGER_MS = 15_000;
/** An answer goes by the server that brought the question, as long as an introduction takes. */
const HEARD_MS = 30_000;
const MAX_HEARD = 1_024;
/** As many as one server may offer. */
const MAX_ICE_SERVERS = 8;

/** All signaling servers of a tab as one introducer: those that it is signed in to for good, and those it visits. */
export interface Signaling extends Introducer {
  /** Connected where any server is; a refusal shows only where none is connected or may be soon. */
  readonly state: State<SignalingState>;
  /** What the tab's own servers offer; those of visited ones are not used, as a stranger chose them. */
  iceServers(): readonly IceServer[];
  /** Told of live peers, after signing in and when asked for more. */
  onPeers(listener: (peers: readonly NodeId[]) => void): Unsubscribe;
  /** Asks for other peers. */
  more(): void;
  /** Time may have passed unnoticed: reconnects at once, and makes sure that what seems connected is. */
  wake(): void;
  /**
   * Signs in to these servers as well, for as long as somebody wants to; where the page is https:, to `wss:` ones only,
   * as a browser refuses others there. Returns the function that ends the visit.
   */
  visit(urls: readonly string[]): () => void;
  start(): void;
  stop(): void;
}

export interface SignalingCollaborators {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: (url: string) => WebSocket;
}

interface Visited {
  readonly server: WebSocketIntroducer;
  visits: number;
  cancelEnd?: (() => void) | undefined;
}

/** `urls` are ws: or wss: addresses, each a server that introduces whoever is signed in to it. */
export function createSignaling(
  collaborators: SignalingCollaborators,
  { urls, secureOnly = false }: { readonly urls: readonly string[]; readonly secureOnly?: boolean },
): Signaling {
  const { clock, log } = collaborators;
  const arrivals = createListeners<Arrival>();
  const absences = createListeners<NodeId>();
  const introductions = createListeners<readonly NodeId[]>();
  const state = createState<SignalingState>({ state: 'connecting' });
  const visited = new Map<string, Visited>();
  const heardBy = createRecent<NodeId, WebSocketIntroducer>(clock, { ms: HEARD_MS, entries: MAX_HEARD });
  /** Of whom each node was asked last. It is absent where all of them say so. */
  const asked = createRecent<NodeId, Set<WebSocketIntroducer>>(clock, { ms: HEARD_MS, entries: MAX_HEARD });
  let running = false;

  const open = (url: string): WebSocketIntroducer => {
    const server = createWebSocketIntroducer(collaborators, { url });
    server.onEnvelope((arrival) => {
      if (arrival.from !== undefined) heardBy.set(arrival.from, server);
      arrivals.emit(arrival);
    });
    server.onAbsent((node) => {
      if (heardBy.get(node) === server) heardBy.delete(node);
      const doubted = asked.get(node);
      if (!doubted?.delete(server) || doubted.size > 0) return;
      asked.delete(node);
      absences.emit(node);
    });
    server.onPeers((peers) => introductions.emit(peers));
    server.state.subscribe(() => state.set(summary()));
    return server;
  };

  const home: readonly WebSocketIntroducer[] = [...new Set(urls)].map((url) => open(url));
  const servers = (): WebSocketIntroducer[] => [
    ...home,
    ...[...visited.values()].map(({ server }) => server),
  ];

  function summary(): SignalingState {
    const states = servers().map((server) => server.state.get());
    const best = (wanted: SignalingState['state']) => states.find((one) => one.state === wanted);
    const refused = home.map((server) => server.state.get()).find((one) => 'refusal' in one && one.refusal);
    return best('connected') ?? best('connecting') ?? refused ?? { state: 'offline' };
  }

  const end = (url: string, visit: Visited): void => {
    visit.cancelEnd?.();
    visited.delete(url);
    visit.server.stop();
    state.set(summary());
  };

  const begin = (url: string): Visited | undefined => {
    const known = visited.get(url);
    if (known) {
      known.cancelEnd?.();
      known.cancelEnd = undefined;
      known.visits += 1;
      return known;
    }
    if (!running || visited.size >= MAX_VISITED || home.some((server) => server.url === url))
      return undefined;
    const visit: Visited = { server: open(url), visits: 1 };
    visited.set(url, visit);
    log.info('visiting a signaling server that a link names', { servers: visited.size });
    visit.server.start();
    return visit;
  };

  const leave = (url: string, visit: Visited): void => {
    visit.visits -= 1;
    if (visit.visits > 0 || visited.get(url) !== visit) return;
    visit.cancelEnd = clock.after(VISIT_LINGER_MS, () => end(url, visit));
  };

  return {
    name: 'server',
    state,
    iceServers() {
      const all = home.flatMap((server) => server.iceServers());
      const different = new Map(all.map((server) => [JSON.stringify(server), server]));
      return [...different.values()].slice(0, MAX_ICE_SERVERS);
    },
    onPeers: (listener) => introductions.subscribe(listener),
    onEnvelope: (listener) => arrivals.subscribe(listener),
    onAbsent: (listener) => absences.subscribe(listener),
    more() {
      for (const server of servers()) server.more();
    },
    wake() {
      for (const server of servers()) server.wake();
    },
    async carry(to, envelope: Bytes) {
      const by = async (server: WebSocketIntroducer) => ((await server.carry(to, envelope)) ? [server] : []);
      const known = heardBy.get(to);
      const direct = known ? await by(known) : [];
      const taken = direct.length > 0 ? direct : (await Promise.all(servers().map(by))).flat();
      if (taken.length > 0) asked.set(to, new Set(taken));
      return taken.length > 0;
    },
    visit(wanted) {
      const usable = [...new Set(wanted)].filter((url) => isUsable(url, secureOnly));
      const visits = usable.flatMap((url) => {
        const visit = begin(url);
        return visit ? [{ url, visit }] : [];
      });
      return () => {
        for (const { url, visit } of visits.splice(0)) leave(url, visit);
      };
    },
    start() {
      if (running) return;
      running = true;
      for (const server of home) server.start();
      state.set(summary());
    },
    stop() {
      running = false;
      for (const [url, visit] of visited) end(url, visit);
      for (const server of home) server.stop();
      state.set(summary());
    },
  };
}

/** A page that came over https: may not open a plain WebSocket; trying is an error that shows in the console. */
function isUsable(url: string, secureOnly: boolean): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === 'wss:' || (protocol === 'ws:' && !secureOnly);
}
