import type { Locator } from 'playwright/test';
import type { Tab } from './tab.ts';

/** Opens the view of the network. */
export async function openNetwork({ page }: Tab): Promise<Locator> {
  await page.getByTestId('network-button').click();
  return page.getByTestId('network-view');
}
