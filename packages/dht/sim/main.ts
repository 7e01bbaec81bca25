/*
 * Prints how the overlay does in simulated networks, as a table: `node main.js --nodes 1000 --lookups 1000 --seeds 1,2,3`.
 */
import type { Row } from './measure.ts';
import { SCENARIOS } from './scenarios.ts';

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
};
const nodes = Number(option('nodes', '1000'));
const lookups = Number(option('lookups', '1000'));
const seeds = option('seeds', '1').split(',').map(Number);
const only = option('only', '');
const mixing = Number(option('mixing', '10'));

const HEADINGS = 'scenario|nodes|lookups|found|bar|hops|messages|ms|links|dials/min|load|KiB/min'.split('|');
console.log(`| ${HEADINGS.join(' | ')} |\n|${'---|'.repeat(HEADINGS.length)}`);
let failed = 0;
for (const scenario of SCENARIOS) {
  if (!scenario.name.includes(only)) continue;
  for (const seed of seeds) {
    const began = performance.now();
    for (const row of await scenario.run({ seed, nodes, lookups, mixing, minutes: 10 })) {
      if (row.counts && row.success < scenario.bar) failed += 1;
      console.log(line(row, scenario.bar));
    }
    console.error(`seed ${seed}: ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
}
process.exit(failed === 0 ? 0 : 1);

function line(row: Row, bar: number): string {
  const pair = ({ median, p95 }: { median: number; p95: number }): string => `${median} / ${p95}`;
  const cells = [
    row.scenario,
    row.nodes,
    row.lookups,
    `${(100 * row.success).toFixed(2)} %`,
    row.counts ? `${100 * bar} %` : '',
    pair(row.hops),
    pair(row.messages),
    pair(row.ms),
    `${row.links.mean.toFixed(1)}, at most ${row.links.most}`,
    row.dialsPerMinute.toFixed(2),
    row.load.toFixed(1),
    row.kibPerMinute.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}
