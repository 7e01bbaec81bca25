import { createListeners } from '@tabswarm/base';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Arrival, Introducer } from '../src/introducer.ts';

/** A signaling server in memory, honest unless told otherwise. */
export interface Switchboard {
  introducer(self: NodeId): Introducer;
  /** Envelopes carried so far. */
  carried(): readonly { readonly from: NodeId; readonly to: NodeId; readonly envelope: Bytes }[];
}

export interface SwitchboardOptions {
  /** What becomes of an envelope: other bytes, or nothing. */
  readonly tamper?: (envelope: Bytes, from: NodeId, to: NodeId) => Bytes | undefined;
}

export function createSwitchboard({ tamper = (envelope) => envelope }: SwitchboardOptions = {}): Switchboard {
  const arrivals = new Map<NodeId, ReturnType<typeof createListeners<Arrival>>>();
  const carried: { from: NodeId; to: NodeId; envelope: Bytes }[] = [];

  return {
    carried: () => carried,
    introducer(self) {
      const absences = createListeners<NodeId>();
      const own = createListeners<Arrival>();
      arrivals.set(self, own);
      return {
        name: 'switchboard',
        carry(to, envelope) {
          carried.push({ from: self, to, envelope });
          const target = arrivals.get(to);
          const delivered = tamper(envelope, self, to);
          queueMicrotask(() => {
            if (!target) absences.emit(to);
            else if (delivered) target.emit({ envelope: delivered });
          });
          return Promise.resolve(true);
        },
        onEnvelope: (listener) => own.subscribe(listener),
        onAbsent: (listener) => absences.subscribe(listener),
      };
    },
  };
}
