import { type Clock, type Log, type Random } from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import type { Identity } from '@tabswarm/protocol/identity';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { SWARM_VERSION, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { createBans, type BanBook } from './bans.ts';
import { setBit } from './bitfield.ts';
import type { FetchEvent } from './events.ts';
import { createExchange } from './exchange.ts';
import { createInflow } from './inflow.ts';
import { createInspection } from './inspection.ts';
import { FIRST, SKIPPED, type Holding, type Library } from './library.ts';
import { createNews } from './news.ts';
import { createPort, type Port } from './port.ts';
import { createQueue } from './queue.ts';
import { createReceipts } from './receipts.ts';
import { createReceivers, type Receiver } from './receivers.ts';
import { createAnswers, createReach } from './reach.ts';
import { createSession, type Session } from './session.ts';
import type { SourceView } from './source.ts';
import { createDealings } from './upload/dealings.ts';
import { createShowing } from './upload/showing.ts';
import { createServer, type Upload } from './upload/server.ts';
import { createUrges, type Urge } from './urges.ts';
import { createTurnstiles } from './turnstile.ts';
import { createWants } from './wants.ts';

/** Shares that one peer may take part in with us. */
const MAX_SHARES_PER_PORT = 512;

export interface Swarm {
  start(): void;
  stop(): void;
  /**
   * Fetches what is missing of a share. `holders` are nodes said to hold it; it is asked for more as long as there is
   * room for sources, and peers that join by themselves are used as well. The iteration ends when every block that is
   * wanted or read (of `onlyRead`, read) is here, and throws where blocks cannot be stored. Leaving it, or aborting `signal`, stops the fetch.
   */
  fetch(
    root: Root,
    holders: AsyncIterable<NodeId>,
    options: { onlyRead?: boolean; signal: AbortSignal },
  ): AsyncIterable<FetchEvent>;
  /** For a reader of the share: what it says that it reads is fetched before all else, also where that is not wanted. */
  urge(root: Root): Urge;
  activity(root: Root): Activity;
  /** Kept from now on, for all shares together, with what is under way. */
  setLimits(limits: Limits): void;
  /** Whether that node and we take part in a share together, so that the link between us is worth keeping. */
  uses(node: NodeId): boolean;
}

/** Bytes per second; undefined: as fast as it goes. */
export interface Limits {
  readonly up?: number | undefined;
  readonly down?: number | undefined;
}

/** Who we fetch a share from, and who from us. */
export interface Activity {
  readonly sources: readonly SourceView[];
  readonly uploads: readonly Upload[];
  /** All who take part in it, and those who did and were given of it. */
  readonly receivers: readonly Receiver[];
}

export interface SwarmCollaborators {
  readonly transport: Transport;
  readonly library: Library;
  /** Absent where bans end with the page. */
  readonly bans?: BanBook | undefined;
  /** Signs that we take part in shares, and receipts. */
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function createSwarm(collaborators: SwarmCollaborators): Swarm {
  const { transport, library, identity, clock, random, log } = collaborators;
  const ports = new Map<NodeId, Port>();
  const exchange = createExchange({ identity, ports, clock, log });
  const sessions = new Map<Root, Session>();
  const dealings = createDealings(clock, (root) => sessions.has(root));
  const showing = createShowing({ library, clock, random });
  const server = createServer({ library, dealings, showing, clock, log });
  const receipts = createReceipts({ identity, library, clock, log });
  const receivers = createReceivers({ library, receipts, uploads: server.uploads });
  const inflow = createInflow(clock);
  const onBanned = (node: NodeId): void => {
    for (const session of sessions.values()) session.onBanned(node);
  };
  const bans = createBans({ book: collaborators.bans, onBanned, clock, log });
  const inspection = createInspection(bans.has);
  const news = createNews({ ports, clock });
  const answers = createAnswers();
  const turnstiles = createTurnstiles(clock);
  const urges = createUrges((root) => {
    wants.onRead(root);
    sessions.get(root)?.onRead();
  });
  const wants = createWants({ library, windows: urges.windows, ports });
  let running: AbortController | undefined;

  const join = (port: Port, root: Root, { answer }: { answer: boolean }): void => {
    const holding = library.get(root);
    if (!holding) return;
    port.joined.add(root);
    const informed = holding.layout() !== undefined;
    const shown = showing.shownTo(port, holding);
    const said = { version: SWARM_VERSION, root, ...shown, info: informed, answer, batches: true };
    port.tell({ type: 'join', ...said });
  };

  const onJoin = (port: Port, message: Extract<SwarmMessage, { type: 'join' }>): void => {
    const { root, have, whole, info } = message;
    if (message.version !== SWARM_VERSION || !library.get(root)) {
      port.tell({ type: 'unknown', root });
      return;
    }
    if (port.holdings.size >= MAX_SHARES_PER_PORT && !port.holdings.has(root)) return;
    port.holdings.set(root, { have, whole, informed: info });
    const { answer } = message;
    if (answer) answers.settle(port, root, true);
    turnstiles(port).joins.pass(`${root} ${answer}`, () => {
      // Removed here, or left, while it waited.
      if (!port.holdings.has(root)) return;
      if (!answer) join(port, root, { answer: true });
      showing.onHave(port, root, []);
      wants.onJoined(port, root);
      exchange.onJoined(port, root);
      sessions.get(root)?.onJoined(port);
    });
  };

  const onHave = (port: Port, root: Root, indexes: readonly number[]): void => {
    const holding = port.holdings.get(root);
    if (!holding) return;
    const bytes = Math.max(holding.have.byteLength, (Math.max(...indexes, 0) >> 3) + 1);
    const have = new Uint8Array(bytes);
    have.set(holding.have);
    for (const index of indexes) setBit(have, index);
    holding.have = have;
    showing.onHave(port, root, indexes);
    sessions.get(root)?.onHave(port, indexes);
  };

  const onMessage = (port: Port, message: SwarmMessage): void => {
    switch (message.type) {
      case 'join':
        onJoin(port, message);
        return;
      case 'unknown':
      case 'leave':
        port.joined.delete(message.root);
        showing.onLeft(port, message.root);
        answers.settle(port, message.root, false);
        sessions.get(message.root)?.onLeft(port);
        port.holdings.delete(message.root);
        return;
      case 'have':
        onHave(port, message.root, message.indexes);
        return;
      case 'want':
        // No more kinds of it may wait than there are shares here.
        if (!library.get(message.root)) return;
        turnstiles(port).wants.pass(`${message.root} ${message.now}`, () => showing.onWant(port, message));
        return;
      case 'peers':
        exchange.onPeers(port, message.root, message.statements);
        return;
      case 'informed': {
        const holding = port.holdings.get(message.root);
        if (holding) holding.informed = true;
        sessions.get(message.root)?.onHave(port, []);
        return;
      }
      case 'unchoke':
        for (const session of sessions.values()) session.onUnchoked(port);
        return;
      case 'receipt':
        void receipts.onReceipt(port, message);
        return;
      default:
        // Questions are the server's; refusals belong to whoever asked.
        return;
    }
  };

  const attach = (link: Parameters<Parameters<Transport['onLink']>[0]>[0]): void => {
    const port = createPort(link, { dealings, clock, log });
    ports.set(port.remote, port);
    receivers.attach(port);
    server.attach(port);
    receipts.onLinked(port);
    inflow.attach(port);
    port.onMessage((message) => onMessage(port, message));
    port.closed.addEventListener('abort', () => {
      if (ports.get(port.remote) === port) ports.delete(port.remote);
      for (const root of port.joined) showing.onLeft(port, root);
      for (const session of sessions.values()) session.onLeft(port);
    });
  };

  const reach = createReach({ transport, ports, answers, join, clock });

  /** It is of no use in that share; where there is no other, somebody else may have the link's place. */
  const letGo = (port: Port, root: Root): void => {
    exchange.onFailed(root, port.remote);
    showing.onLeft(port, root);
    port.joined.delete(root);
    port.holdings.delete(root);
    if (isInUse(port)) port.tell({ type: 'leave', root });
    else transport.link(port.remote)?.close('pruned');
  };

  library.onHave((root, indexes) => {
    sessions.get(root)?.onKept(indexes);
    if (indexes.length > 0) news.add(root, indexes);
    else {
      wants.onWanted(root);
      news.onInformed(root);
    }
  });
  library.onWanted((root) => {
    wants.onWanted(root);
    sessions.get(root)?.onWanted();
  });
  library.onRemoved((root) => {
    news.forget(root);
    receipts.forget(root);
    receivers.forget(root);
    showing.forget(root);
    exchange.forget(root);
    for (const port of ports.values()) {
      if (port.joined.delete(root)) port.tell({ type: 'leave', root });
      port.holdings.delete(root);
    }
  });
  transport.onLink(attach);

  return {
    start() {
      if (running) return;
      running = new AbortController();
      const { signal } = running;
      for (const part of [bans, news, dealings, server, exchange]) part.start({ signal });
    },
    stop() {
      running?.abort();
      running = undefined;
    },
    async *fetch(root, holders, { onlyRead = false, signal }) {
      await bans.load();
      const listed = library.get(root);
      if (!listed) throw new Error('a share must be listed before it is fetched');
      const holding = onlyRead ? wantingNothing(listed) : listed;
      const events = createQueue<FetchEvent>();
      const left = new AbortController();
      const session = createSession({
        holding,
        windows: () => urges.windows(root),
        reach: (node, options) =>
          reach.join(node, root, options).catch((cause: unknown) => {
            if (!options.signal.aborted) exchange.onFailed(root, node);
            throw cause;
          }),
        hasRoomFor: reach.hasRoomFor,
        letGo: (port) => letGo(port, root),
        candidates: (over) => exchange.candidates(root, over),
        banned: bans.has,
        ban: bans.add,
        onGiven: (by) => receipts.onGiven(root, by),
        inspection,
        emit: (event) => events.push(event),
        inflow,
        clock,
        random,
        log,
      });
      sessions.set(root, session);
      // Only those who have shown that they know the root: it is the capability, and not told to just any peer.
      for (const port of ports.values()) if (port.holdings.has(root)) session.onJoined(port);
      session.run(holders, AbortSignal.any([signal, left.signal])).then(
        () => {
          if (!onlyRead) receipts.onDone(root, ports.values());
          events.end();
        },
        (cause: unknown) => events.fail(cause),
      );
      try {
        yield* events;
      } finally {
        left.abort();
        if (sessions.get(root) === session) sessions.delete(root);
      }
    },
    urge: (root) => urges.urge(root),
    setLimits({ up, down }) {
      server.setLimit(up);
      inflow.setLimit(down);
    },
    uses(node) {
      const port = ports.get(node);
      return port !== undefined && isInUse(port);
    },
    activity: (root) => ({
      sources: sessions.get(root)?.sources() ?? [],
      uploads: server.uploads(root),
      receivers: receivers.of(root),
    }),
  };
}

function isInUse({ joined, holdings }: Port): boolean {
  return [...joined].some((root) => holdings.has(root));
}

/** The same share for somebody who only reads of it, for which the names are needed. */
function wantingNothing(holding: Holding): Holding {
  return {
    ...holding,
    isChosen: () => true,
    priorities() {
      const { blockLengths, urgentBlocks } = holding.layout() ?? { blockLengths: [], urgentBlocks: 0 };
      return new Uint8Array(blockLengths.length).fill(SKIPPED).fill(FIRST, 0, urgentBlocks);
    },
  };
}
