import { errorText, type Clock, type Log } from '@tabswarm/base';
import { utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import {
  openEnvelope,
  sealEnvelope,
  type Envelope,
  type EnvelopeKind,
} from '@tabswarm/protocol/introduction';
import type { Route } from './attempt.ts';
import type { Arrival, Introducer } from './introducer.ts';

/** Signed envelopes, out through introducers and in from them. */
export interface Mailbox {
  /** Sends one by the way that leads to the other side. What is lost on the way shows as a time-out. */
  tell(to: NodeId, route: Route, kind: EnvelopeKind, session: Bytes, body?: string): void;
  /** Sends a knock through every introducer, which `via` may help. Resolves with those that took it. */
  knock(to: NodeId, session: Bytes, via: NodeId | undefined): Promise<readonly Introducer[]>;
}

export interface MailboxCollaborators {
  readonly identity: Identity;
  readonly introducers: readonly Introducer[];
  readonly clock: Clock;
  readonly log: Log;
  /** Called for each envelope that is meant for us, of now, and truly of its sender; one after the other. */
  readonly onEnvelope: (envelope: Envelope, route: Route) => void;
}

export function createMailbox({
  identity,
  introducers,
  clock,
  log,
  onEnvelope,
}: MailboxCollaborators): Mailbox {
  const seal = (to: NodeId, kind: EnvelopeKind, session: Bytes, body: string): Promise<Bytes> =>
    sealEnvelope(identity, { kind, to, session, time: clock.now(), body: utf8(body) });

  const onArrival = async (introducer: Introducer, { envelope, via, opened }: Arrival): Promise<void> => {
    try {
      onEnvelope(opened ?? (await openEnvelope(envelope, identity.id, clock.now())), { introducer, via });
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
  }

  return {
    tell(to, { introducer, via }, kind, session, body = '') {
      seal(to, kind, session, body)
        .then((envelope) => introducer.carry(to, envelope, { via }))
        .catch((cause: unknown) => log.warn('could not send an envelope', { kind, cause: errorText(cause) }));
    },
    async knock(to, session, via) {
      const envelope = await seal(to, 'knock', session, '');
      const taken = await Promise.all(
        introducers.map(async (introducer) =>
          (await introducer.carry(to, envelope, { via })) ? [introducer] : [],
        ),
      );
      return taken.flat();
    },
  };
}
