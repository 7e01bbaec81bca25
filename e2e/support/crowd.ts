import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'playwright/test';
import { crash } from './crash.ts';
import { KIB, testFile } from './files.ts';
import { connectionsMade, countConnections } from './gauge.ts';
import type { SeededRandom } from './random.ts';
import { Tab } from './tab.ts';
import type { Profile } from './test.ts';

/** From one departure to the next. */
const PAUSE_MS = { least: 5_000, most: 10_000 };
/** After every so many departures somebody fetches something. */
const FETCH_EVERY = 3;
const FILE_BYTES = { least: 1, most: 600 * KIB };
/** A tab that crashed is missed by its peers after 15 s of silence. */
const SETTLED_WITHIN_MS = 60_000;

/** What becomes of a tab; each time, one takes its place at once. */
const DEPARTURES = ['reloaded', 'closed and opened again', 'crashed and opened again', 'replaced'] as const;
type Departure = (typeof DEPARTURES)[number];

/** A tab, and whatever tab came in its place. */
export interface Member {
  readonly name: string;
  profile: Profile;
  tab: Tab;
}

/** Tabs of as many people: some stay, the others come and go. */
export interface Crowd {
  readonly staying: readonly Member[];
  readonly coming: readonly Member[];
  readonly departures: ReadonlyMap<Departure, number>;
  readonly exchanges: number;
  /** Of those who come and go: the most that one of their pages has made. */
  readonly mostConnections: number;
  /** Resolves when every tab is linked to every other one, and to nobody else. */
  settle(): Promise<void>;
  /** One shares a file, the other one fetches it, and both remove it. */
  exchange(from: Member, to: Member): Promise<void>;
  /** Has tabs come and go for so long. */
  churn(forMs: number): Promise<void>;
}

export interface CrowdOptions {
  readonly url: string;
  readonly openProfile: () => Promise<Profile>;
  readonly random: SeededRandom;
  readonly staying: number;
  readonly coming: number;
}

export async function openCrowd({ url, openProfile, random, ...sizes }: CrowdOptions): Promise<Crowd> {
  const departures = new Map<Departure, number>();
  let exchanges = 0;
  let mostConnections = 0;

  const openTab = async (profile: Profile): Promise<Tab> => {
    const page = await profile.newPage();
    await countConnections(page);
    await page.goto(url);
    return new Tab(page);
  };
  const join = async (name: string): Promise<Member> => {
    const profile = await openProfile();
    return { name, profile, tab: await openTab(profile) };
  };
  const joinAll = async (count: number, kind: string): Promise<readonly Member[]> => {
    const members: Member[] = [];
    while (members.length < count) members.push(await join(`${kind} ${members.length + 1}`));
    return members;
  };
  const staying = await joinAll(sizes.staying, 'staying');
  const coming = await joinAll(sizes.coming, 'coming');
  const all = [...staying, ...coming];

  const between = ({ least, most }: { least: number; most: number }): number =>
    Math.floor(least + random.number() * (most - least));

  const depart = async (member: Member, departure: Departure): Promise<void> => {
    const { page } = member.tab;
    mostConnections = Math.max(mostConnections, await connectionsMade(page));
    switch (departure) {
      case 'reloaded':
        await page.reload();
        break;
      case 'closed and opened again':
        await page.close();
        member.tab = await openTab(member.profile);
        break;
      case 'crashed and opened again':
        await crash(member.tab);
        member.tab = await openTab(member.profile);
        break;
      case 'replaced':
        await member.profile.close();
        Object.assign(member, await join(member.name));
    }
    await member.tab.expectPeers(1);
    departures.set(departure, (departures.get(departure) ?? 0) + 1);
  };

  const exchange = async (from: Member, to: Member): Promise<void> => {
    const file = testFile(`${from.name} to ${to.name}, ${exchanges}.bin`, between(FILE_BYTES));
    const share = await from.tab.share([file]);
    await to.tab.download(share);
    expect(await to.tab.hashOf(share.root, file.name)).toBe(file.sha256);
    for (const { tab } of [from, to]) {
      await tab.remove(share.root);
      await expect(tab.row(share.root)).toHaveCount(0);
    }
    exchanges += 1;
  };

  return {
    staying,
    coming,
    departures,
    get exchanges() {
      return exchanges;
    },
    get mostConnections() {
      return mostConnections;
    },
    async settle() {
      const ids = new Map<string, Member>();
      for (const member of all) ids.set(await member.tab.nodeId(), member);
      const unsettled = async (): Promise<readonly string[]> => {
        const differences = [...ids].map(async ([own, { name, tab }]) => {
          const peers = await tab.peers();
          const missing = [...ids]
            .filter(([id]) => id !== own && !peers.includes(id))
            .map(([, one]) => one.name);
          const gone = peers.filter((id) => !ids.has(id)).length;
          return missing.length + gone === 0
            ? []
            : [`${name} lacks ${missing.join(', ')} and has ${gone} gone`];
        });
        return (await Promise.all(differences)).flat();
      };
      await expect.poll(unsettled, { timeout: SETTLED_WITHIN_MS }).toEqual([]);
    },
    exchange,
    async churn(forMs) {
      const end = performance.now() + forMs;
      for (let departed = 0; ; departed += 1) {
        const pause = between(PAUSE_MS);
        if (performance.now() + pause >= end) break;
        await sleep(pause);
        await depart(random.pick(coming), random.pick(DEPARTURES));
        if (departed % FETCH_EVERY > 0) continue;
        const from = random.pick(all);
        await exchange(from, random.pick(all.filter((one) => one !== from)));
      }
      await sleep(Math.max(0, end - performance.now()));
    },
  };
}
