import { NO_SERVER } from '../support/faults.ts';
import { KIB, testFile } from '../support/files.ts';
import { createRandom } from '../support/random.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import type { Share, Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

const MINUTE_MS = 60_000;
const USABLE_WITHIN_MS = 5_000;
const LINKED_WITHIN_MS = 5_000;
/** A newcomer has a place in the overlay with the neighbours that it looks for first. */
const NEIGHBOURS = 8;

/**
 * How many milliseconds after the start of its navigation a new tab had so many links, and had found, fetched and
 * verified the share.
 */
function usableAfter({ page }: Tab, share: Share, links: number): Promise<{ linked: number; found: number }> {
  return page.evaluate(
    async ([link, wanted]) => {
      const { tabswarm } = globalThis as unknown as SurfaceWindow;
      const LOOK_EVERY_MS = 10;
      const linked = new Promise<number>((resolve) => {
        const timer = setInterval(() => {
          if (tabswarm.status().peers.length < wanted) return;
          clearInterval(timer);
          resolve(performance.now());
        }, LOOK_EVERY_MS);
      });
      await tabswarm.download(link);
      const found = performance.now();
      return { linked: await linked, found };
    },
    [share.link, links] as const,
  );
}

test('twelve tabs: each newcomer is linked, and finds what another one shares, within 5 s', async ({
  openTab,
}) => {
  const tabs = [await openTab()];
  const random = createRandom(process.env['SEED']);
  const times: string[] = [];
  for (let others = 1; others < 12; others += 1) {
    const share = await random.pick(tabs).share([testFile(`for tab ${others + 1}.bin`, 4 * KIB)]);
    const tab = await openTab();
    const { linked, found } = await usableAfter(tab, share, Math.min(others, NEIGHBOURS));
    times.push(`tab ${others + 1}: linked after ${linked.toFixed(0)} ms, found after ${found.toFixed(0)} ms`);
    expect(Math.max(linked, found), times.at(-1)).toBeLessThan(USABLE_WITHIN_MS);
    tabs.push(tab);
  }
  console.log(`seed ${random.seed}\n${times.join('\n')}`);
});

test.describe('where not everybody is linked to everybody', () => {
  /** Links are sought to the nearest neighbours only, and everybody has seats for more. */
  const TABS = 20;
  const PAIRS = 20;
  test.use({ environment: { LINKS: '4,32,2' } });

  test('with the server gone, 20 random pairs of tabs are linked through the overlay', async ({
    openTab,
    server,
    faults,
  }) => {
    test.setTimeout(4 * MINUTE_MS);
    faults.expect(NO_SERVER);
    const random = createRandom(process.env['SEED']);
    const tabs = new Map<string, Tab>();
    while (tabs.size < TABS) {
      const tab = await openTab();
      await tab.expectPeers(Math.min(tabs.size, 1));
      tabs.set(await tab.nodeId(), tab);
    }
    await server.stop();
    for (const { page } of tabs.values()) {
      await expect(page.getByTestId('signaling-state')).not.toHaveAttribute('data-state', 'connected');
    }

    const linksBefore = [...(await linksOf(tabs)).values()].reduce((sum, { size }) => sum + size, 0);
    const outcomes: { took: number; between: number; text: string }[] = [];
    while (outcomes.length < PAIRS) {
      const links = await linksOf(tabs);
      const [from, to] = random.pick(unlinkedPairs(links));
      const between = [...(links.get(from) ?? [])].filter((id) => links.get(to)?.has(id)).length;
      const took = await (tabs.get(from) as Tab).connect(to).catch(firstLine);
      if (typeof took === 'number') {
        await expect.poll(() => (tabs.get(from) as Tab).peers()).toContain(to);
        await expect.poll(() => (tabs.get(to) as Tab).peers()).toContain(from);
      }
      outcomes.push({
        took: typeof took === 'number' ? took : Infinity,
        between,
        text: `${typeof took === 'number' ? `${took.toFixed(0)} ms` : took}, ${between} neighbours in common`,
      });
    }
    const inTime = outcomes.filter(({ took }) => took < LINKED_WITHIN_MS).length;
    const far = outcomes.filter(({ between }) => between === 0).length;
    const report = outcomes.map(({ text }) => text).join('\n');
    console.log(
      `seed ${random.seed}\n${report}\n${TABS} tabs, ${linksBefore / TABS} links each; ${far} pairs further apart than two links`,
    );
    expect(inTime, report).toBeGreaterThanOrEqual(19);
  });
});

async function linksOf(tabs: ReadonlyMap<string, Tab>): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const all = await Promise.all(
    [...tabs].map(async ([id, tab]) => [id, new Set(await tab.peers())] as const),
  );
  return new Map(all);
}

/** Those of whom neither says that it is linked to the other. */
function unlinkedPairs(links: ReadonlyMap<string, ReadonlySet<string>>): [string, string][] {
  return [...links.keys()].flatMap((one) =>
    [...links.keys()]
      .filter((other) => other !== one && !links.get(one)?.has(other) && !links.get(other)?.has(one))
      .map((other): [string, string] => [one, other]),
  );
}

function firstLine(cause: unknown): string {
  return String(cause).split('\n', 1)[0] ?? '';
}
