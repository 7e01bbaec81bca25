/*
 * Prints how fast tabs exchange bytes on this machine. The subjects take turns, so that whatever else the machine does
 * meets all of them alike; what counts are the ratios to the others of the same run. Fails where one is below its bar.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { RAW, rawSubject } from './raw.ts';
import { measureOnce, MIB, type Measurement, type Subject } from './subject.ts';
import { costTable, median, table } from './table.ts';
import { transportSubject, wholePathSubject } from './tabswarm.ts';
import { webTorrentSubject } from './webtorrent.ts';

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  raw: rawSubject,
  transport: transportSubject,
  path: wholePathSubject,
  webtorrent: webTorrentSubject,
};
const RUN_TIMEOUT_MS = 5 * 60_000;
/** The least that the first may be of the second, where both were measured. */
const BARS = [
  { subject: 'transport', over: 'raw', least: 0.95 },
  { subject: 'path', over: 'raw', least: 0.8 },
  { subject: 'path', over: 'webtorrent', least: 1.5 },
] as const;
/** Of both pages, while the whole path is measured, in any run. */
const MAX_LONG_TASKS_IN_10_S = 1;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    mib: { type: 'string', default: '256' },
    only: { type: 'string', default: Object.keys(SUBJECTS).join(',') },
    quick: { type: 'boolean', default: false },
  },
});
const runs = values.quick ? 2 : Number(values.runs);
const bytes = (values.quick ? 64 : Number(values.mib)) * MIB;
const chosen = values.only.split(',');
const unknown = chosen.find((name) => !Object.hasOwn(SUBJECTS, name));
if (unknown !== undefined || !(runs >= 1) || !(bytes >= MIB)) {
  console.error(
    `Usage: npm run bench -- [--quick] [--runs 5] [--mib 256] [--only ${Object.keys(SUBJECTS).join(',')}]`,
  );
  process.exit(1);
}

const executablePath = process.env['CHROMIUM_PATH'];
const browser = await chromium.launch({
  args: [...CHROMIUM_FLAGS],
  ...(executablePath ? { executablePath } : {}),
});
const results: { name: string; subject: Subject; measured: Measurement[] }[] = [];
for (const name of chosen) {
  const create = SUBJECTS[name];
  if (create) results.push({ name, subject: await create(), measured: [] });
}
let failures = 0;
for (let run = 1; run <= runs; run += 1) {
  for (const { subject, measured } of results) {
    try {
      const result = await inTime(measureOnce(browser, subject, bytes));
      measured.push(result);
      console.error(`${run}/${runs} ${subject.name}: ${(bytes / MIB / result.seconds).toFixed(1)} MiB/s`);
    } catch (error) {
      failures += 1;
      console.error(`${run}/${runs} ${subject.name} failed: ${String(error)}`);
    }
  }
}
for (const { subject } of results) await subject.close();
const version = browser.version();
await browser.close();

console.log(`Chromium ${version}, ${cpus().length} cores, ${runs} runs of each, interleaved:\n`);
const rows = results.map(({ subject, measured }) => ({ name: subject.name, runs: measured }));
console.log(`${table(rows, bytes, RAW)}\n`);
console.log(costTable(rows, bytes));
let missed = 0;
for (const { subject, over, least } of BARS) {
  const [own, other] = [medianRate(subject), medianRate(over)];
  if (own === undefined || other === undefined) continue;
  const verdict = own / other >= least ? 'met' : 'missed';
  if (verdict === 'missed') missed += 1;
  console.log(`\n${subject} / ${over}: ${(own / other).toFixed(2)}, at least ${least}: ${verdict}`);
}
const path = results.find(({ name }) => name === 'path')?.measured ?? [];
if (path.length > 0) {
  const most = Math.max(...path.map(({ longTasks, seconds }) => (longTasks * 10) / seconds));
  const verdict = most <= MAX_LONG_TASKS_IN_10_S ? 'met' : 'missed';
  if (verdict === 'missed') missed += 1;
  console.log(
    `\ntasks over 50 ms in 10 s of the path, in the worst run: ${most.toFixed(2)}, at most ${MAX_LONG_TASKS_IN_10_S}: ${verdict}`,
  );
}
process.exitCode = failures + missed === 0 ? 0 : 1;

/** In MiB per second. */
function medianRate(name: string): number | undefined {
  const runsOf = results.find((result) => result.name === name)?.measured ?? [];
  return runsOf.length > 0 ? bytes / MIB / median(runsOf.map(({ seconds }) => seconds)) : undefined;
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), RUN_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
