import { randomInt, shuffled } from '@tabswarm/base';
import { startChurn } from './churn.ts';
import { startMeasuring, type Row } from './measure.ts';
import { createMainlinePopulation, type MainlineMember, type MainlinePopulation } from './mainline.ts';
import { GROW_MS, SETTLE_MS, SHARES, type Size } from './scenarios.ts';
import { spread, type Sample } from './workload.ts';

/** A scenario of the overlay's, as far as it makes sense for a network without links. */
export interface MainlineScenario {
  readonly name: string;
  run(size: Size): Promise<Row>;
}

const MINUTE = 60_000;
const UNCONNECTABLE = 0.3;
/** A share is looked up when it is so old, by members that have been there for so long. */
const SHARE_AGE_MS = 20_000;
const READER_AGE_MS = 10_000;

interface Announced {
  readonly infoHash: string;
  readonly by: MainlineMember;
  readonly since: number;
}

interface Course {
  readonly name: string;
  readonly unconnectable?: number;
  readonly honest?: (index: number) => boolean;
  readonly lookupsOverMs?: number;
  /** Before anything is measured. */
  readonly happen?: (population: MainlinePopulation, size: Size, keep: () => void) => Promise<void>;
  /** Whether those that announce are replaced where they leave. */
  readonly replace?: boolean;
}

const COURSES: readonly Course[] = [
  { name: 'nobody comes or goes' },
  { name: 'nobody comes or goes, all pairs connect', unconnectable: 0 },
  churning(30),
  churning(10),
  {
    name: 'half gone at once, first 60 s',
    lookupsOverMs: MINUTE,
    async happen(population) {
      const members = shuffled(population.random, population.members());
      for (const member of members.slice(0, members.length / 2)) population.leave(member);
    },
  },
  { name: '20 % drop everything', honest: (index) => index % 5 !== 4 },
];

export const MAINLINE_SCENARIOS: readonly MainlineScenario[] = COURSES.map((course) => ({
  name: course.name,
  run: (size) => run(course, size),
}));

function churning(halfLifeMinutes: number): Course {
  return {
    name: `half-life ${halfLifeMinutes} min`,
    replace: true,
    async happen(population, { mixing }, keep) {
      startChurn(population, halfLifeMinutes * MINUTE);
      for (let minute = 0; minute < mixing; minute += 1) {
        keep();
        await population.clock.advance(MINUTE);
      }
    },
  };
}

async function run(course: Course, size: Size): Promise<Row> {
  const { unconnectable = UNCONNECTABLE, honest = () => true, replace = false } = course;
  const population = createMainlinePopulation(size.seed, unconnectable);
  const { clock, random } = population;
  await population.grow(size.nodes, GROW_MS, honest);
  await clock.advance(SETTLE_MS);

  let shares: Announced[] = [];
  const isHere = (member: MainlineMember): boolean => population.members().includes(member);
  const keep = (): void => {
    shares = shares.filter(({ by }) => isHere(by));
    while (shares.length < SHARES) {
      const share = {
        infoHash: population.randomInfoHash(),
        by: population.any(population.honest()),
        since: clock.now(),
      };
      share.by.announce(share.infoHash);
      shares.push(share);
    }
  };
  keep();
  await clock.advance(MINUTE);
  await course.happen?.(population, size, keep);

  const reader = (not: MainlineMember): MainlineMember => {
    const old = clock.now() - READER_AGE_MS;
    for (;;) {
      const one = population.any(population.honest());
      if (one !== not && one.bornAt <= old) return one;
    }
  };
  const lookUp = async (): Promise<Sample | undefined> => {
    if (replace) keep();
    const ripe = shares.filter(({ since, by }) => since <= clock.now() - SHARE_AGE_MS && isHere(by));
    const share = ripe[randomInt(random, ripe.length)];
    if (!share) return undefined;
    const by = reader(share.by);
    const sample = await by.lookUp(share.infoHash, share.by.address);
    return isHere(share.by) && isHere(by) ? sample : undefined;
  };
  const measured = startMeasuring(population);
  const overMs = course.lookupsOverMs ?? size.minutes * MINUTE;
  return measured(`bittorrent-dht: ${course.name}`, await spread(clock, size.lookups, overMs, lookUp));
}
