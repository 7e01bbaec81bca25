/*
 * How bittorrent-dht, which speaks UDP, does in the overlay's simulated networks: further rows of the table that main.ts
 * prints, planned and run in the same way. In a process of its own, since it takes over the timers.
 */
import { command } from './command.ts';
import { MAINLINE_SCENARIOS } from './mainline-scenarios.ts';
import { linklessLine } from './table.ts';

command(MAINLINE_SCENARIOS, async (scenario, size) => {
  console.log(linklessLine(await scenario.run(size)));
  return true;
});
