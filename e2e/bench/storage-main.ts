/*
 * Prints how fast a share's bytes get from the file to the disk, next to what the browser does by itself in the same
 * run. Fails where the product stays below its bars.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from './table.ts';
import { measureStorage, STEPS, type Step, type StorageRun } from './storage.ts';
import { MIB } from './subject.ts';

/** Hashing and sealing against WebCrypto's SHA-256, and the store against IndexedDB: the least ratio. */
const MIN_HASHING = 1 / 1.5;
const MIN_STORING = 0.6;
/** A step of a small file takes a tenth of a second, in which chance weighs more: so many times as many runs. */
const SMALL_MIB = 64;
const SMALL_RUNS = 3;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    mib: { type: 'string', default: '16,256,1024' },
  },
});
const runs = Number(values.runs);
const sizes = values.mib.split(',').map(Number);
if (!(runs >= 1) || !sizes.every((size) => Number.isInteger(size) && size >= 1)) {
  console.error('Usage: npm run bench -- storage [--runs 5] [--mib 16,256,1024]');
  process.exit(1);
}

let version = '';
let below = 0;
const lines: string[] = [];
for (const size of sizes) {
  const measured: StorageRun[] = [];
  const count = size < SMALL_MIB ? runs * SMALL_RUNS : runs;
  for (let run = 1; run <= count; run += 1) {
    const result = await measureStorage(size * MIB, { reversed: run % 2 === 0 });
    ({ version } = result);
    measured.push(result);
    const figures = STEPS.map((step) => `${step} ${result.rates[step].toFixed(0)}`).join(', ');
    console.error(`${run}/${count} ${size} MiB: ${figures} MiB/s`);
  }
  const rate = (step: Step): number => median(measured.map(({ rates }) => rates[step]));
  // Of steps of the same run, as how fast the machine is changes by half from run to run.
  const ratio = (step: Step, base: Step): number =>
    median(measured.map(({ rates }) => rates[step] / rates[base]));
  const hashing = ratio('hashAndSeal', 'digest');
  const storing = ratio('store', 'writeBare');
  below += Number(hashing < MIN_HASHING) + Number(storing < MIN_STORING);
  const [digest, seal, bare, store, share] = STEPS.map((step) => rate(step).toFixed(0));
  lines.push(
    `| ${size} MiB | ${digest} | ${seal} | ${hashing.toFixed(2)} | ${bare} | ${store} | ${storing.toFixed(2)} | ${share} |`,
  );
}

console.log(
  `Chromium ${version}, ${cpus().length} cores, medians of ${runs} runs (${runs * SMALL_RUNS} below ${SMALL_MIB} MiB), in MiB/s, and of their ratios:\n`,
);
console.log('| file | SHA-256 | hash and seal | ratio | IndexedDB | store | ratio | file to link |');
console.log('|---|---|---|---|---|---|---|---|');
console.log(lines.join('\n'));
if (below > 0) {
  console.log(`\n${below} below the bar: ${MIN_HASHING.toFixed(2)} of SHA-256, ${MIN_STORING} of IndexedDB.`);
  process.exitCode = 1;
}
