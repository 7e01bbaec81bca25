import { openCrowd, type Crowd, type Member } from '../support/crowd.ts';
import { connectionsMade, readGauge, type Reading } from '../support/gauge.ts';
import { MIB } from '../support/files.ts';
import { createRandom } from '../support/random.ts';
import { expect, test } from '../support/test.ts';

/** `npm run soak` sets it; the stories run a short one. */
const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 2);
const MINUTE_MS = 60_000;
/** Of the time that follows. */
const WARM_UP = 0.1;
const MAX_CONNECTIONS = 300;
const MAX_GROWTH = 1.2;
/** A connection that is kept keeps some eight listeners, of some five hundred. */
const MAX_GROWTH_OF_LISTENERS = 1.1;
/** What was closed last is collected some time after. */
const COLLECTED_WITHIN_MS = 60_000;

interface Measured {
  readonly member: Member;
  readonly began: Reading;
  ended: Reading;
}

test(`for ${MINUTES} minutes tabs come and go, and those that stay neither wear out nor grow`, async ({
  openProfile,
  server,
  faults,
}) => {
  test.setTimeout(((1 + WARM_UP) * MINUTES + 5) * MINUTE_MS);
  faults.expect(/^a tab crashed$/);
  const random = createRandom(process.env['SEED']);
  const crowd = await openCrowd({ url: server.url, openProfile, random, staying: 4, coming: 8 });
  await crowd.settle();
  // Whatever is made once and kept is made before anything is measured; what a page keeps a bounded number of, such as
  // its log and other tabs' records, has begun to fill.
  await crowd.churn(WARM_UP * MINUTES * MINUTE_MS);
  for (const [at, from] of crowd.staying.entries()) {
    await crowd.exchange(from, crowd.staying[(at + 1) % crowd.staying.length] as Member);
  }
  await crowd.settle();
  const measured: Measured[] = [];
  for (const member of crowd.staying) {
    const began = await readGauge(member.tab.page);
    measured.push({ member, began, ended: began });
  }

  await crowd.churn(MINUTES * MINUTE_MS);
  await crowd.settle();

  const growths = async (): Promise<readonly string[]> => {
    for (const one of measured) one.ended = await readGauge(one.member.tab.page);
    return measured.flatMap(growthOf);
  };
  const grown = await growths();
  console.log(`seed ${random.seed}\n${await reportOf(crowd, measured)}`);
  for (const { tab } of [...crowd.staying, ...crowd.coming]) {
    expect(await connectionsMade(tab.page)).toBeLessThan(MAX_CONNECTIONS);
  }
  expect(crowd.mostConnections).toBeLessThan(MAX_CONNECTIONS);
  if (grown.length > 0) await expect.poll(growths, { timeout: COLLECTED_WITHIN_MS }).toEqual([]);
});

/** What a tab has more of than when it was last linked to as many others. */
function growthOf({ member, began, ended }: Measured): readonly string[] {
  const grown: string[] = [];
  if (ended.memory > MAX_GROWTH * began.memory) grown.push('memory');
  if (ended.connections > began.connections) grown.push('connections');
  if (ended.listeners > MAX_GROWTH_OF_LISTENERS * began.listeners) grown.push('listeners');
  return grown.map(
    (what) => `${member.name}: ${what} of ${JSON.stringify(began)} grew to ${JSON.stringify(ended)}`,
  );
}

async function reportOf(crowd: Crowd, measured: readonly Measured[]): Promise<string> {
  const rows = await Promise.all(
    measured.map(async ({ member, began, ended }) => [
      member.name,
      String(await connectionsMade(member.tab.page)),
      `${mebibytes(began.memory)} to ${mebibytes(ended.memory)} MiB (x ${(ended.memory / began.memory).toFixed(2)})`,
      `${mebibytes(began.code)} to ${mebibytes(ended.code)} MiB`,
      `${began.connections} to ${ended.connections}`,
      `${began.nodes} to ${ended.nodes}`,
      `${began.listeners} to ${ended.listeners}`,
    ]),
  );
  const table = [
    [
      'tab',
      'connections made',
      'memory',
      'compiled code beside it',
      'connections left',
      'DOM nodes',
      'listeners',
    ],
    ...rows,
  ];
  const departures = [...crowd.departures].map(([departure, count]) => `${count} ${departure}`);
  return [
    `${measured.length} tabs stayed; of ${crowd.coming.length} others, ${departures.join(', ')}; ${crowd.exchanges} files fetched`,
    ...table.map((cells) => `| ${cells.join(' | ')} |`),
    `those that came and went made at most ${crowd.mostConnections} connections`,
  ].join('\n');
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}
