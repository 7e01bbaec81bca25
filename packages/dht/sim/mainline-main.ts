/*
 * Prints how bittorrent-dht, which speaks UDP, does in the overlay's simulated networks: further rows of the table that
 * main.ts prints. In a process of its own, since it takes over the timers.
 */
import { MAINLINE_SCENARIOS } from './mainline-scenarios.ts';
import { parseOptions, UsageError } from './options.ts';
import { linklessLine } from './table.ts';

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

async function main(args: readonly string[]): Promise<void> {
  const { sizes, seeds, only, mixing, minutes } = parseOptions(args);
  for (const scenario of MAINLINE_SCENARIOS) {
    if (!scenario.name.includes(only)) continue;
    for (const size of sizes) {
      for (const seed of seeds) {
        console.log(linklessLine(await scenario.run({ ...size, seed, mixing, minutes })));
      }
    }
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof UsageError ? error.message : error);
    process.exit(2);
  },
);
