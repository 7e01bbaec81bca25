import { parseOptions, toArguments, UsageError, type Options } from './options.ts';
import type { Size } from './scenarios.ts';
import { HEADING } from './table.ts';

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

/** What `plan` prints: the heading of the table, and the arguments of each run, in the order of the rows. */
export interface Plan {
  readonly heading: string;
  readonly runs: readonly (readonly string[])[];
}

/**
 * The command line of a simulator: `plan` or `run`, and options. Exit codes: 0; 1 where a run was not good; 2 where it could
 * not be run.
 */
export function command<S extends { readonly name: string }>(
  scenarios: readonly S[],
  run: (scenario: S, size: Size) => Promise<boolean>,
): void {
  execute(process.argv.slice(2), scenarios, run).then(
    (good) => process.exit(good ? 0 : 1),
    (error: unknown) => {
      console.error(error instanceof UsageError ? error.message : error);
      process.exit(2);
    },
  );
}

async function execute<S extends { readonly name: string }>(
  [verb, ...args]: readonly string[],
  scenarios: readonly S[],
  run: (scenario: S, size: Size) => Promise<boolean>,
): Promise<boolean> {
  const options = parseOptions(args);
  const chosen = choose(scenarios, options.only);
  if (verb === 'plan') {
    const runs = chosen.flatMap(({ name }) => toArguments({ ...options, only: name }));
    const plan: Plan = { heading: HEADING, runs };
    console.log(JSON.stringify(plan));
    return true;
  }
  let good = true;
  for (const scenario of chosen) {
    for (const size of sizesOf(options)) good = (await run(scenario, size)) && good;
  }
  return good;
}

/** The one of that name, or else all whose name contains the words. */
function choose<S extends { readonly name: string }>(scenarios: readonly S[], only: string): readonly S[] {
  const named = scenarios.filter(({ name }) => name === only);
  return named.length > 0 ? named : scenarios.filter(({ name }) => name.includes(only));
}

function sizesOf({ sizes, seeds, mixing, minutes }: Options): Size[] {
  return sizes.flatMap((size) => seeds.map((seed) => ({ ...size, seed, mixing, minutes })));
}
