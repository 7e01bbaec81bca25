/*
 * How the overlay does in simulated networks. `plan`, with options, prints what there is to run, as JSON; `run` runs it and
 * prints rows of a table, and fails where a scenario stays below its bar, ways are too long, a lookup led to a connection,
 * or a node had more links than the limit. `npm run bench -- overlay` builds and runs both.
 */
import { MAX_LINKS } from '@tabswarm/protocol/dht';
import { command } from './command.ts';
import type { Row } from './measure.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { tableLine } from './table.ts';

/** 95 of 100 lookups find their way in so many. */
const MOST_HOPS = 8;

function isGood(row: Row, { bar }: Scenario): boolean {
  const isFound = !row.counts || (row.success >= bar && row.hops.p95 <= MOST_HOPS);
  return isFound && row.dialsOfLookups === 0 && row.links.most <= MAX_LINKS;
}

command(SCENARIOS, async (scenario, size) => {
  let good = true;
  for (const row of await scenario.run(size)) {
    good &&= isGood(row, scenario);
    console.log(tableLine(row, scenario.bar));
  }
  return good;
});
