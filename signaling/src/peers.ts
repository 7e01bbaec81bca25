import type { NodeId } from '@tabswarm/protocol/ids';
import type { Refusal, ServerMessage } from '@tabswarm/protocol/signaling';

/** Somebody who is signed in. */
export interface Peer {
  readonly id: NodeId;
  send(message: ServerMessage): void;
  /** Says why, and closes. */
  refuse(reason: Refusal): void;
  /** Whether it was heard of lately enough to introduce others to it. */
  isLive(): boolean;
}

/** Who is signed in now. Whoever leaves is forgotten. */
export interface Peers {
  readonly size: number;
  get(id: NodeId): Peer | undefined;
  /** Signs in, and returns the socket of the same node that this one replaces. */
  add(peer: Peer): Peer | undefined;
  /** Signs out, unless another socket of the same node has taken its place. */
  remove(peer: Peer): void;
  /** At most `max` live peers other than `except`, each as likely as any other. */
  sample(max: number, except: NodeId): readonly NodeId[];
}

/** `random` is uniform in [0, 1). */
export function createPeers({ random }: { random: () => number }): Peers {
  const order: Peer[] = [];
  const places = new Map<NodeId, number>();

  const at = (place: number): Peer => order[place] as Peer;
  const put = (place: number, peer: Peer): void => {
    order[place] = peer;
    places.set(peer.id, place);
  };

  return {
    get size() {
      return order.length;
    },
    get(id) {
      const place = places.get(id);
      return place === undefined ? undefined : at(place);
    },
    add(peer) {
      const place = places.get(peer.id);
      const replaced = place === undefined ? undefined : at(place);
      put(place ?? order.length, peer);
      return replaced;
    },
    remove(peer) {
      const place = places.get(peer.id);
      if (place === undefined || at(place) !== peer) return;
      const last = order.pop() as Peer;
      places.delete(peer.id);
      if (last !== peer) put(place, last);
    },
    sample(max, except) {
      const chosen: NodeId[] = [];
      // A Fisher-Yates shuffle that stops when it has enough: the order it leaves behind does not matter.
      for (let i = 0; i < order.length && chosen.length < max; i += 1) {
        const pick = i + Math.floor(random() * (order.length - i));
        const peer = at(pick);
        put(pick, at(i));
        put(i, peer);
        if (peer.id !== except && peer.isLive()) chosen.push(peer.id);
      }
      return chosen;
    },
  };
}
