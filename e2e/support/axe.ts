import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright/test';

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}
interface AxeWindow extends Window {
  axe: { run(): Promise<{ violations: readonly Violation[] }> };
}

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core finds against the page as it is now, one line for each element. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(await readFile(SOURCE, 'utf8'));
  const violations = await page.evaluate(
    async () => (await (globalThis as unknown as AxeWindow).axe.run()).violations,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${help}: ${html} ${failureSummary}`),
  );
}
