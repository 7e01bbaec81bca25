import type { Tab } from './tab.ts';

/** Ends the tab's process: nothing of the page or its workers runs any more, and nobody is told. */
export async function crash({ page }: Tab): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  // The answer never comes: who should give it is gone.
  session.send('Page.crash').catch(() => undefined);
  await crashed;
  await page.close();
}
