/*
 * Prints how the overlay does in simulated networks, as a table; `npm run bench -- overlay` builds and runs it. It fails
 * where a scenario stays below its bar.
 */
import { parseOptions, UsageError } from './options.ts';
import { SCENARIOS } from './scenarios.ts';
import { HEADING, tableLine } from './table.ts';

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

async function main(args: readonly string[]): Promise<boolean> {
  const { sizes, seeds, only, mixing, minutes } = parseOptions(args);
  const scenarios = SCENARIOS.filter(({ name }) => name.includes(only));
  if (scenarios.length === 0) {
    throw new UsageError(`The scenarios are:\n  ${SCENARIOS.map(({ name }) => name).join('\n  ')}`);
  }
  console.log(HEADING);
  let good = true;
  for (const scenario of scenarios) {
    for (const size of sizes) {
      for (const seed of seeds) {
        for (const row of await scenario.run({ ...size, seed, mixing, minutes })) {
          if (row.counts && row.success < scenario.bar) good = false;
          console.log(tableLine(row, scenario.bar));
        }
      }
    }
  }
  return good;
}

main(process.argv.slice(2)).then(
  (good) => process.exit(good ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(2);
  },
);
