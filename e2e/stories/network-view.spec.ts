import type { Locator } from 'playwright/test';
import { axeViolations } from '../support/axe.ts';
import { KIB, MIB, testFile } from '../support/files.ts';
import { openNetwork } from '../support/network.ts';
import { expect, test } from '../support/test.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function linkedNodes(view: Locator): Promise<readonly string[]> {
  const nodes = await view
    .getByTestId('network-link')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-node') ?? ''));
  return nodes.toSorted();
}

test('the Network view shows the linked tabs, and the lookup that a share caused', async ({ openTab }) => {
  const [a, b, c] = [await openTab(), await openTab(), await openTab()];
  await a.expectPeers(2);
  await b.expectPeers(2);
  const view = await openNetwork(a);
  await expect(view).toContainText('linked to all 2 tabs');
  const others = [await b.nodeId(), await c.nodeId()].toSorted();
  await expect.poll(() => linkedNodes(view)).toEqual(others);
  await expect(view.locator('.ring-tabs circle:not(.ring-self)')).toHaveCount(2);
  for (const row of await view.getByTestId('network-link').all()) await expect(row).toContainText(/\d ms/);

  await a.page.getByTestId('files-button').click();
  await a.share([testFile('told of.bin', 64 * KIB)]);
  await openNetwork(a);
  const lookup = view.getByTestId('network-lookup');
  await expect(lookup).toContainText('left a note');
  // The three nearest to any place are these three themselves.
  await expect(lookup).toContainText('Kept by 3 tabs');
  await expect(lookup).toHaveAttribute('data-hops', '1');
  await expect(lookup.getByRole('listitem')).toHaveCount(2);
  await expect(view.locator('.lookup-hop')).toHaveCount(2);
});

test('a lookup that finds holders is shown to whoever downloads', async ({ openTab }) => {
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([testFile('found.bin', 64 * KIB)]);
  await b.download(share);
  const view = await openNetwork(b);
  await expect(view.getByTestId('network-lookup')).toContainText(/looked for tabs that have|left a note/);
  // What it is about stays where it is: in the link.
  expect(await view.innerHTML()).not.toContain(share.root);
});

test('somebody curious can have a lookup made', async ({ openTab }) => {
  const [a] = [await openTab(), await openTab()];
  await a.expectPeers(1);
  const view = await openNetwork(a);
  const button = view.getByTestId('try-lookup');
  await expect(button).toBeEnabled();
  await button.press('Enter');
  await expect(view.getByTestId('network-lookup')).toContainText('nearest to a random place');
  await expect(view.getByTestId('network-lookup')).toContainText(/1 question in \d+ ms, all answered/);
  await expect(view.getByRole('status')).toContainText('Done: 1 question');
  await expect(button).toBeFocused();
});

test('a tab that is alone says why, and what to do', async ({ openTab, server, faults }) => {
  faults.expect(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/);
  const a = await openTab();
  const view = await openNetwork(a);
  await expect(view.getByTestId('network-problem')).toContainText('No other tab is connected yet.');
  await expect(view.getByTestId('try-lookup')).toBeDisabled();
  await server.stop();
  await expect(view.getByTestId('network-problem')).toContainText('Check your internet connection');
  await server.start();
  await openTab();
  await expect(view.getByTestId('network-link')).toHaveCount(1);
  await expect(view.getByTestId('network-problem')).toHaveCount(0);
});

test('files stay as they were while one looks at the network', async ({ openTab }) => {
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([testFile('still here.bin', 24 * MIB)]);
  await b.paste(share.link);
  await b.page.getByTestId('link-input').fill('half of a li');
  const view = await openNetwork(b);
  await expect(b.row(share.root)).toBeHidden();
  const shifts = await b.page.evaluateHandle(() => {
    const seen: PerformanceEntry[] = [];
    new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ type: 'layout-shift' });
    return seen;
  });
  await expect(view.getByTestId('network-link')).toContainText('/s');
  await b.expectState(share.root, 'complete');
  await expect(view.getByTestId('network-link')).not.toContainText('/s');
  // Figures changed several times a second all the while; nothing else on the page moved for it.
  expect(await shifts.evaluate((seen) => seen.map((entry) => JSON.stringify(entry)))).toEqual([]);

  await b.page.getByTestId('files-button').click();
  await expect(b.row(share.root)).toBeVisible();
  await expect(b.page.getByTestId('link-input')).toHaveValue('half of a li');
  expect(await b.hashOf(share.root, 'still here.bin')).toBe(testFile('still here.bin', 24 * MIB).sha256);
});

test('Back, Reload and a link lead where one expects', async ({ openTab }) => {
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([testFile('linked.bin', 64 * KIB)]);
  const view = await openNetwork(b);
  await expect(view).toBeVisible();
  await b.page.goBack();
  await expect(view).toBeHidden();
  await expect(b.page.getByTestId('link-input')).toBeVisible();
  await b.page.goForward();
  await expect(view).toBeVisible();
  await b.page.reload();
  await expect(view).toBeVisible();
  const { hash } = new URL(share.link);
  await b.page.evaluate((link) => {
    location.hash = link;
  }, hash);
  await b.expectState(share.root, 'complete');
  await expect(b.row(share.root)).toBeVisible();
  await expect(view).toBeHidden();
});

test('files that are dropped on the network are shared, and seen', async ({ openTab }) => {
  const a = await openTab();
  await openNetwork(a);
  const { root } = await a.drop([testFile('dropped.bin', 64 * KIB)]);
  await expect(a.row(root)).toBeVisible();
});

test('the views are switched with the keyboard', async ({ openTab }) => {
  const { page } = await openTab();
  const [files, network] = [
    page.getByRole('tab', { name: 'Files' }),
    page.getByRole('tab', { name: 'Network' }),
  ];
  await page.keyboard.press('Tab');
  await expect(files).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(network).toBeFocused();
  await expect(network).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('tabpanel', { name: 'Network' })).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(files).toBeFocused();
  await page.keyboard.press('End');
  await expect(network).toBeFocused();
  await page.keyboard.press('Home');
  await expect(page.getByRole('tabpanel', { name: 'Files' })).toBeVisible();
});

test('nothing is played for people who want no motion', async ({ openProfile, openTab }) => {
  const a = await (await openProfile({ reducedMotion: 'reduce' })).openTab();
  await openTab();
  await a.expectPeers(1);
  const view = await openNetwork(a);
  await view.getByTestId('try-lookup').click();
  const hop = view.locator('.lookup-hop').first();
  await expect(hop).toBeAttached();
  expect(await hop.evaluate((path) => getComputedStyle(path).animationName)).toBe('none');
  await expect(view.getByRole('listitem').first()).toHaveCSS('opacity', '1');
});

for (const [looks, settings] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, on a phone', { ...PHONE, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
] as const) {
  test(`axe finds nothing in the Network view, ${looks}`, async ({ openProfile, openTab }) => {
    // What is being faded in has less contrast for a moment.
    const a = await (await openProfile({ ...settings, reducedMotion: 'reduce' })).openTab();
    const view = await openNetwork(a);
    await expect(view.getByTestId('network-problem')).toBeVisible();
    expect(await axeViolations(a.page), 'alone').toEqual([]);

    await openTab();
    await openTab();
    await expect(view.getByTestId('network-link')).toHaveCount(2);
    await view.getByTestId('try-lookup').click();
    await expect(view.getByTestId('network-lookup')).toContainText('all answered');
    expect(await axeViolations(a.page), 'linked, with a lookup').toEqual([]);
    const { scrolls, fits } = await a.page.evaluate(() => ({
      scrolls: document.documentElement.scrollWidth,
      fits: document.documentElement.clientWidth,
    }));
    expect(scrolls, 'no scrolling sideways').toBeLessThanOrEqual(fits);
  });
}
