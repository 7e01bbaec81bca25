import type { Route } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Activity, Receiver } from '@tabswarm/swarm';

/** Somebody who was given parts of a share from here, as the page shows it. */
export interface ReceiverView {
  readonly peer: NodeId;
  /**
   * - `receiving`: bytes are on their way
   * - `waiting`: linked, and not all of it is there
   * - `done`: it has all that it wanted
   * - `left`: it went before that
   */
  readonly state: 'receiving' | 'waiting' | 'done' | 'left';
  /** 0 to 1, of the whole share, from whomever it came. */
  readonly progress: number;
  /** Sent from here, in bytes, and bytes per second now. */
  readonly bytes: number;
  readonly rate: number;
  /** Whether it signed that all that it wanted has arrived and was verified. */
  readonly verified: boolean;
  /** Whether it has the whole share, and not only what it chose. */
  readonly whole: boolean;
  /** How the link to it runs; undefined where that is not known, and once it has left. */
  readonly route: Route | undefined;
}

/** Those who got something from here, whoever is at it first. */
export function viewReceivers(
  { receivers }: Activity,
  routeTo: (peer: NodeId) => Route | undefined,
): readonly ReceiverView[] {
  const order = (one: ReceiverView): number => STATES.indexOf(one.state);
  return receivers
    .filter(({ bytes, receipt }) => bytes > 0 || receipt)
    .map((receiver) => ({
      peer: receiver.peer,
      state: stateOf(receiver),
      progress: receiver.receipt?.whole === true ? 1 : receiver.progress,
      bytes: receiver.bytes,
      rate: receiver.rate,
      verified: receiver.receipt !== undefined,
      whole: hasAll(receiver),
      route: receiver.linked ? routeTo(receiver.peer) : undefined,
    }))
    .toSorted((a, b) => order(a) - order(b));
}

/** Why this tab is still needed for a share; undefined where it may be closed. */
export type Need = 'receiving' | 'only-copy';

/** `fresh`: it was shared since the tab was opened, so its link may have been handed on a moment ago. */
export function needFor({ receivers }: Activity, { fresh }: { readonly fresh: boolean }): Need | undefined {
  const views = receivers.map((receiver) => ({ receiver, state: stateOf(receiver) }));
  const others = views.filter(({ receiver }) => receiver.linked && hasAll(receiver)).length;
  const receiving = views.some(
    ({ receiver, state }) => state === 'receiving' || (state === 'waiting' && receiver.bytes > 0),
  );
  if (receiving && others === 0) return 'receiving';
  return fresh && !receivers.some((receiver) => hasAll(receiver)) ? 'only-copy' : undefined;
}

const STATES: readonly ReceiverView['state'][] = ['receiving', 'waiting', 'done', 'left'];

function stateOf(receiver: Receiver): ReceiverView['state'] {
  if (receiver.receipt || hasAll(receiver)) return 'done';
  if (!receiver.linked) return 'left';
  return receiver.rate > 0 ? 'receiving' : 'waiting';
}

function hasAll({ progress, receipt }: Receiver): boolean {
  return progress === 1 || receipt?.whole === true;
}
