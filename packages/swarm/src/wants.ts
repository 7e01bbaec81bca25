import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { MAX_WANTED_RANGES, mergedRanges } from '@tabswarm/protocol/swarm';
import { hasBit } from './bitfield.ts';
import { SKIPPED, type Holding, type Library } from './library.ts';
import type { Port } from './port.ts';
import type { Window } from './urges.ts';

/** Says what is wanted to those who have all of a share and show it block by block. */
export interface Wants {
  onJoined(port: Port, root: Root): void;
  /** Something else is read of the share, or wanted of it, than before. */
  onRead(root: Root): void;
  onWanted(root: Root): void;
}

export interface WantsParts {
  readonly library: Library;
  readonly windows: (root: Root) => Iterable<Window>;
  readonly ports: ReadonlyMap<NodeId, Port>;
}

export function createWants({ library, windows, ports }: WantsParts): Wants {
  /** Those who were told of a choice, and need to hear when there is none any more. */
  const told = new WeakSet<Port>();

  const holders = (root: Root): Port[] =>
    [...ports.values()].filter((port) => port.holdings.get(root)?.whole === true);

  const tellRead = (port: Port, holding: Holding): void => {
    const { root } = holding;
    const shown = port.holdings.get(root)?.have;
    const isHidden = (index: number): boolean => !hasBit(shown, index) && !hasBit(holding.have(), index);
    const hidden: [first: number, end: number][] = [];
    for (const { first, end } of windows(root)) {
      let index = first;
      while (index < end && !isHidden(index)) index += 1;
      if (index < end && hidden.length < MAX_WANTED_RANGES) hidden.push([index, end]);
    }
    const ranges = mergedRanges(hidden);
    if (ranges.length > 0) port.tell({ type: 'want', root, ranges, now: true });
  };

  const tellChoice = (port: Port, holding: Holding): void => {
    const ranges = chosenRanges(holding);
    if (ranges.length === 0 && !told.has(port)) return;
    told.add(port);
    port.tell({ type: 'want', root: holding.root, ranges, now: false });
  };

  return {
    onJoined(port, root) {
      const holding = library.get(root);
      if (!holding?.layout() || port.holdings.get(root)?.whole !== true) return;
      tellChoice(port, holding);
      tellRead(port, holding);
    },
    onRead(root) {
      const holding = library.get(root);
      if (holding?.layout()) for (const port of holders(root)) tellRead(port, holding);
    },
    onWanted(root) {
      const holding = library.get(root);
      if (holding?.layout()) for (const port of holders(root)) tellChoice(port, holding);
    },
  };
}

/**
 * `[first, end, ...]` of what is chosen, none where that is everything. What is too scattered is said more roughly, and
 * of nothing at all one block is said, as no range stands for everything.
 */
function chosenRanges(holding: Holding): number[] {
  const priorities = holding.priorities();
  if (!priorities) return [];
  const urgent = holding.layout()?.urgentBlocks ?? 0;
  const ranges = urgent > 0 ? [0, urgent] : [];
  for (let index = urgent; index < priorities.length; index += 1) {
    if (priorities[index] === SKIPPED) continue;
    if (ranges.at(-1) === index || ranges.length >= 2 * MAX_WANTED_RANGES)
      ranges[ranges.length - 1] = index + 1;
    else ranges.push(index, index + 1);
  }
  return ranges.length > 0 ? ranges : [0, 1];
}
