/** What the simulators are told on their command lines. */
export interface Options {
  /** Sizes of the networks, each with the number of lookups in it. */
  readonly sizes: readonly { readonly nodes: number; readonly lookups: number }[];
  readonly seeds: readonly number[];
  /** Only scenarios whose name contains this. */
  readonly only: string;
  readonly mixing: number;
  /** Over which lookups are spread. */
  readonly minutes: number;
}

/** Asked for, or deserved: the message is what to print. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const DEFAULTS = { nodes: '1000', lookups: '1000', seeds: '1', only: '', mixing: '5' };
const MINUTES = 5;

const USAGE = `
  --nodes 1000     nodes in the network; several, parted by commas, for one table of all of them
  --lookups 1000   lookups in each scenario; or as many numbers as --nodes has
  --seeds 1        seeds of the runs, parted by commas
  --only WORDS     only the scenarios whose name contains these words
  --mixing 5       minutes of coming and going before anything is measured`;

export function parseOptions(args: readonly string[]): Options {
  const given = { ...DEFAULTS };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, '') as keyof typeof DEFAULTS;
    const value = args[at + 1];
    if (!Object.hasOwn(DEFAULTS, name) || value === undefined) {
      throw new UsageError(`What the simulator of the overlay takes, and what it takes for granted:${USAGE}`);
    }
    given[name] = value;
  }
  const nodes = numbers('nodes', given.nodes, 20);
  const lookups = numbers('lookups', given.lookups, 1);
  if (lookups.length !== 1 && lookups.length !== nodes.length) {
    throw new UsageError(`--lookups takes one number, or as many as --nodes:${USAGE}`);
  }
  const [mixing = 0] = numbers('mixing', given.mixing, 0);
  return {
    sizes: nodes.map((count, at) => ({ nodes: count, lookups: (lookups[at] ?? lookups[0]) as number })),
    seeds: numbers('seeds', given.seeds, 0),
    only: given.only,
    mixing,
    minutes: MINUTES,
  };
}

/** The arguments of each single run among these options. */
export function toArguments({ sizes, seeds, only, mixing }: Options): string[][] {
  return sizes.flatMap(({ nodes, lookups }) =>
    seeds.map((seed) => {
      const given = { nodes, lookups, seeds: seed, only, mixing };
      return Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
    }),
  );
}

function numbers(name: string, list: string, least: number): number[] {
  return list.split(',').map((text) => {
    const number = Number(text);
    if (text === '' || !Number.isInteger(number) || number < least) {
      throw new UsageError(`--${name} ${list}: "${text}" is not a whole number from ${least} on:${USAGE}`);
    }
    return number;
  });
}
