import type { Clock, Log, Random } from '@tabswarm/base';
import { LinkClosedError, type Link, type Transport } from '@tabswarm/net';
import { DHT_VERSION, dhtMessage, type DhtMessage } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { createBoundedMap } from './bounded-map.ts';
import { MAX_ALLOWANCES, MISBEHAVED_BACKOFF_MS, REFUSED_BACKOFF_MS, DIAL_BACKOFF_MS } from './limits.ts';
import type { Signing } from './signing.ts';
import { createHandover } from './records/handover.ts';
import type { Publisher } from './records/publisher.ts';
import type { RecordStore } from './records/store.ts';
import type { Backoff } from './routing-table/backoff.ts';
import type { Contacts } from './routing-table/contacts.ts';
import { createDialer } from './routing-table/dialer.ts';
import { createGossip } from './routing-table/gossip.ts';
import type { LinkPolicy } from './routing-table/link-policy.ts';
import { createMaintenance } from './routing-table/maintenance.ts';
import { createRemembered } from './routing-table/remembered.ts';
import type { RoutingTable } from './routing-table/table.ts';
import { createAllowance, type Allowance } from './rpc/allowance.ts';
import { createAnswers } from './rpc/answers.ts';
import { createNeighbour, type Neighbour } from './rpc/neighbour.ts';
import { createRouter, type Router } from './rpc/router.ts';

/** The overlay while it runs, from a start to the next stop: links become neighbours, messages find their handlers. */
export interface Overlay {
  readonly router: Router;
  addContacts(nodes: Iterable<NodeId>, via: NodeId | undefined): void;
  /** What failed until now failed because this tab slept or had no network. */
  wake(): void;
  /** Says goodbye to all neighbours and ends whatever is under way. */
  leave(): void;
}

export interface OverlayParts {
  readonly transport: Transport;
  readonly table: RoutingTable;
  readonly contacts: Contacts;
  readonly backoff: Backoff;
  readonly policy: LinkPolicy;
  readonly store: RecordStore;
  readonly signing: Signing;
  readonly publisher: Publisher;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onChange: () => void;
  readonly isLinkInUse: (node: NodeId) => boolean;
  readonly explore: (
    target: NodeId,
    options: {
      paths: number;
      by?: NodeId | undefined;
      signal: AbortSignal;
      onNodes: (nodes: readonly NodeId[], via: NodeId) => void;
    },
  ) => Promise<void>;
}

export function createOverlay(parts: OverlayParts): Overlay {
  const { transport, table, contacts, backoff, store, publisher, clock, log, onChange } = parts;
  const run = new AbortController();
  const { signal } = run;
  /** How to take leave of each open link. */
  const detach = new Set<() => void>();
  const allowances = createBoundedMap<NodeId, Allowance>(MAX_ALLOWANCES);

  const remembered = createRemembered(parts);
  const answers = createAnswers(parts);
  const router = createRouter({ ...parts, answers }, { signal });
  const dialer = createDialer(parts, { signal });
  const gossip = createGossip({ ...parts, onContacts: () => dialer.poke() }, { signal });
  const handover = createHandover(parts, { signal });
  const learn = (nodes: Iterable<NodeId>, via: NodeId | undefined): void => {
    for (const node of nodes) if (!table.has(node)) contacts.learn(node, { via, dialAfter: clock.now() });
    dialer.poke();
    onChange();
  };
  const maintenance = createMaintenance(
    {
      ...parts,
      gossip,
      dialer,
      remembered,
      explore: (target, how) => parts.explore(target, { paths: 1, ...how, signal, onNodes: learn }),
      onPeriod() {
        store.sweep();
        onChange();
      },
    },
    { signal },
  );

  /** The other side takes part: from here on it is a route. */
  const join = (neighbour: Neighbour): void => {
    contacts.forget(neighbour.id);
    backoff.succeeded(neighbour.id);
    table.add(neighbour);
    gossip.joined(neighbour);
    handover.joined(neighbour);
    publisher.changed(neighbour.id, 'joined');
    maintenance.changed(neighbour.id);
    if (remembered.has(neighbour.id)) {
      // The way there is open again, and so may be the way to others.
      backoff.forgive();
      maintenance.foundAgain(neighbour.id);
    }
    remembered.forget(neighbour.id);
    dialer.poke();
    onChange();
  };

  const forget = (neighbour: Neighbour): void => {
    const { id } = neighbour;
    neighbour.end();
    const reason: unknown = neighbour.link.closed.reason;
    noteEnd(neighbour, reason instanceof LinkClosedError ? reason.reason : 'lost');
    if (!table.remove(neighbour)) return;
    handover.left(id);
    publisher.changed(id, 'left');
    maintenance.changed(id);
    dialer.poke();
    onChange();
  };

  const noteEnd = ({ id, link }: Neighbour, reason: LinkClosedError['reason']): void => {
    if (reason === 'lost') {
      remembered.lost(id, link.stats().openedAt);
      // Perhaps only this path is broken. Worth another try, and others may still introduce us.
      backoff.wait(id, DIAL_BACKOFF_MS);
      contacts.learn(id, { dialAfter: clock.now() });
    } else {
      // It has left, or one side does not want the link. Others will go on naming it for a while.
      const ms = reason === 'protocol-error' ? MISBEHAVED_BACKOFF_MS : leftBackoffMs(reason);
      backoff.wait(id, ms, { refused: true });
      contacts.forget(id);
    }
  };

  const receive = (neighbour: Neighbour, message: DhtMessage): void => {
    switch (message.type) {
      case 'hello':
        if (table.get(neighbour.id) === neighbour) break;
        if (message.version !== DHT_VERSION) {
          log.info('a neighbour of another version', { node: neighbour.id, version: message.version });
          break;
        }
        // Joined first: it can only introduce us to the nodes that it names once it is known as a neighbour.
        join(neighbour);
        gossip.heard(neighbour, message.links);
        break;
      case 'contacts':
        if (table.get(neighbour.id) !== neighbour) break;
        gossip.heard(neighbour, message.links);
        onChange();
        break;
      case 'request':
        router.handle(neighbour, message);
        break;
      case 'forwarded':
      case 'reply':
        neighbour.settle(message);
        break;
      case 'offer':
        handover.offered(neighbour, message);
        break;
      case 'want':
        handover.wanted(neighbour, message);
        break;
      case 'hand':
        handover.handed(neighbour, message);
        break;
    }
  };

  /** Whoever closes its link and comes again gets no new one. */
  const allowanceOf = (node: NodeId): Allowance => {
    const allowance = allowances.get(node) ?? createAllowance(clock);
    allowances.set(node, allowance);
    return allowance;
  };

  const attach = (link: Link): void => {
    const neighbour = createNeighbour(link, { allowance: allowanceOf(link.remote), clock, log });
    const unsubscribe = link.channel('dht').receive((raw) => receive(neighbour, dhtMessage.decode(raw)));
    const onClosed = (): void => {
      detach.delete(leaveLink);
      unsubscribe();
      forget(neighbour);
    };
    const leaveLink = (): void => {
      link.closed.removeEventListener('abort', onClosed);
      unsubscribe();
      link.close('leaving');
      neighbour.end();
      table.remove(neighbour);
    };
    detach.add(leaveLink);
    link.closed.addEventListener('abort', onClosed, { once: true });
    neighbour.send({ type: 'hello', version: DHT_VERSION, links: gossip.worthTelling(link.remote) });
  };

  const unsubscribe = transport.onLink(attach);
  for (const link of transport.links()) attach(link);

  return {
    router,
    addContacts: learn,
    wake: () => dialer.wake(),
    leave() {
      unsubscribe();
      run.abort(new LinkClosedError('leaving'));
      for (const leaveLink of detach) leaveLink();
      detach.clear();
      contacts.clear();
    },
  };
}

function leftBackoffMs(reason: LinkClosedError['reason']): number {
  return reason === 'leaving' ? DIAL_BACKOFF_MS : REFUSED_BACKOFF_MS;
}
