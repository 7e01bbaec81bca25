import { expect, type Locator, type Page } from 'playwright/test';
import { downloaded, type TestFile } from './files.ts';
import type { LogEntry, Status, SurfaceWindow } from './surface.ts';

/** As `data-state` of a row says it. */
export type TransferState = 'hashing' | 'sharing' | 'finding' | 'fetching' | 'paused' | 'complete' | 'failed';

export interface Share {
  readonly link: string;
  readonly root: string;
}

/** Long enough for the largest file of the stories on a machine that does other things as well. */
const TRANSFER_TIMEOUT_MS = 90_000;
/** Says what happened, and then what to do: at least two sentences. */
export const TWO_SENTENCES = /\S[.!?:;,]\s+\S/;
/** Silence of more than this is a hang, whatever goes on behind it. */
export const WORD_WITHIN_MS = 3_000;

/** One open tab, driven as a person would, through what is visible and stable. */
export class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Chooses files in the dialog. */
  async share(
    files: readonly TestFile[],
    { visibility }: { visibility?: 'private' | 'public' } = {},
  ): Promise<Share> {
    if (visibility) await this.page.getByTestId(`visibility-${visibility}`).click();
    const known = await this.roots();
    await this.page.getByTestId('file-input').setInputFiles([...files]);
    return this.newShare(known);
  }

  /** Chooses a folder on disk in the dialog. */
  async shareFolder(path: string): Promise<Share> {
    const known = await this.roots();
    await this.page.getByTestId('folder-input').setInputFiles(path);
    return this.newShare(known);
  }

  /** Chooses a file on disk in the dialog. */
  async sharePath(path: string, { timeout }: { timeout?: number } = {}): Promise<Share> {
    const known = await this.roots();
    await this.page.getByTestId('file-input').setInputFiles(path);
    return this.newShare(known, timeout);
  }

  /** Drops files on the page. */
  async drop(files: readonly TestFile[]): Promise<Share> {
    const known = await this.roots();
    await this.offer(files);
    return this.newShare(known);
  }

  /** Drops files on the page, whatever comes of it. */
  async offer(files: readonly TestFile[]): Promise<void> {
    const sources = files.map(({ name, mimeType, buffer }) => ({
      name,
      type: mimeType,
      base64: buffer.toString('base64'),
    }));
    await this.page.evaluate((dropped) => {
      const dataTransfer = new DataTransfer();
      for (const { name, type, base64 } of dropped) {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], name, { type }));
      }
      const target = document.elementFromPoint(innerWidth / 2, innerHeight / 2) ?? document.body;
      for (const type of ['dragenter', 'dragover', 'drop']) {
        target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      }
    }, sources);
  }

  async paste(link: string): Promise<void> {
    await this.page.getByTestId('link-input').fill(link);
    await this.page.getByTestId('download-button').click();
  }

  /** Pastes, and waits until all of it is there. */
  async download({ link, root }: Share): Promise<void> {
    await this.paste(link);
    await this.expectState(root, 'complete');
  }

  row(root: string): Locator {
    return this.page.locator(`[data-testid="transfer"][data-root="${root}"]`);
  }

  async expectState(
    root: string,
    state: TransferState | RegExp,
    { timeout = TRANSFER_TIMEOUT_MS }: { timeout?: number } = {},
  ): Promise<void> {
    await expect(this.row(root)).toHaveAttribute('data-state', state, { timeout });
  }

  /** Resolves when so much of it is there, from 0 to 1. */
  async expectProgress(root: string, atLeast: number): Promise<void> {
    const row = this.row(root);
    await this.page.waitForFunction(
      ([element, least]) => Number(element?.getAttribute('data-progress')) >= least,
      [await row.elementHandle(), atLeast] as const,
      { timeout: TRANSFER_TIMEOUT_MS },
    );
  }

  /** How much of it is there now, from 0 to 1, as the row says. */
  async progress(root: string): Promise<number> {
    return Number(await this.row(root).getAttribute('data-progress'));
  }

  /** Presses a button of the row. */
  async press(root: string, button: 'Pause' | 'Resume' | 'Remove' | 'Keep'): Promise<void> {
    await this.row(root)
      .getByRole('button', { name: new RegExp(`^${button} `) })
      .click();
  }

  /** Presses Remove, and says that it is meant, as one is asked where something may be kept. */
  async remove(root: string): Promise<void> {
    await this.press(root, 'Remove');
    await this.row(root)
      .getByRole('button', { name: /^Yes, remove / })
      .click();
  }

  /** Within the time after which silence is a hang, the row says what is wrong and what to do. */
  async expectWord(root: string, about: RegExp, { timeout = WORD_WITHIN_MS } = {}): Promise<void> {
    const error = this.row(root).getByTestId('transfer-error');
    await expect(error).toContainText(about, { timeout });
    await expect(error).toContainText(TWO_SENTENCES, { timeout: 0 });
  }

  /** Keeps from now on what the row says; gives all that it has said, each once. */
  async listen(root: string): Promise<{ said(): Promise<readonly string[]> }> {
    const row = await this.row(root).elementHandle();
    const heard = await this.page.evaluateHandle((element) => {
      const words = new Set<string>();
      const take = (): void => {
        const error = element?.querySelector('[data-testid="transfer-error"]')?.textContent ?? '';
        words.add(`${element?.getAttribute('data-state') ?? ''} ${error}`.trim());
      };
      take();
      if (element) {
        new MutationObserver(take).observe(element, {
          attributes: true,
          childList: true,
          characterData: true,
          subtree: true,
        });
      }
      return words;
    }, row);
    return { said: () => heard.evaluate((words) => [...words]) };
  }

  /** Saves the only file of a share to disk. */
  async save(root: string): Promise<{ name: string; sha256: string; size: number }> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.row(root).getByTestId('save-button').click(),
    ]);
    return downloaded(download);
  }

  /** What the row says of something of it that is being saved, or was. */
  saving(root: string): Locator {
    return this.row(root).getByTestId('save-status');
  }

  /** Waits until what was being saved of a share is. */
  async expectSaved(root: string, { timeout = TRANSFER_TIMEOUT_MS } = {}): Promise<void> {
    await expect(this.saving(root)).toHaveAttribute('data-state', 'saved', {
      timeout,
    });
  }

  /** The SHA-256 of one file of a share, as a script in the page reads it. */
  async hashOf(root: string, path: string): Promise<string> {
    const digest = await this.page.evaluate(
      async ([share, file]) => {
        const { tabswarm } = globalThis as unknown as SurfaceWindow;
        const bytes = await (await tabswarm.read(share, file)).arrayBuffer();
        return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))];
      },
      [root, path] as const,
    );
    return Buffer.from(digest).toString('hex');
  }

  async expectPeers(atLeast: number): Promise<void> {
    await expect
      .poll(async () => (await this.status()).peers.length, { message: 'peers' })
      .toBeGreaterThanOrEqual(atLeast);
  }

  async nodeId(): Promise<string> {
    await this.page.waitForFunction(
      () => (globalThis as unknown as SurfaceWindow).tabswarm.status().nodeId !== undefined,
    );
    return (await this.status()).nodeId ?? '';
  }

  /** The ids of the tabs that it is linked to. */
  async peers(): Promise<readonly string[]> {
    return (await this.status()).peers.map(({ id }) => id);
  }

  /** Links it to that tab; rejects with what the page says is the reason. Resolves with how long it took, in milliseconds. */
  async connect(nodeId: string): Promise<number> {
    return this.page.evaluate(async (id) => {
      const startedAt = performance.now();
      await (globalThis as unknown as SurfaceWindow).tabswarm.connect(id);
      return performance.now() - startedAt;
    }, nodeId);
  }

  async status(): Promise<Status> {
    return this.page.evaluate(() => (globalThis as unknown as SurfaceWindow).tabswarm.status());
  }

  async log(): Promise<readonly LogEntry[]> {
    return this.page.evaluate(() => (globalThis as unknown as SurfaceWindow).tabswarm.log());
  }

  /** Whether a log entry names that peer. */
  async logNames(nodeId: string): Promise<boolean> {
    return (await this.log()).some(
      ({ level, fields }) => level === 'warn' && Object.values(fields).includes(nodeId),
    );
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  private async roots(): Promise<readonly string[]> {
    return this.page
      .locator('[data-testid="transfer"][data-root]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-root') ?? ''));
  }

  private async newShare(known: readonly string[], timeout = TRANSFER_TIMEOUT_MS): Promise<Share> {
    const ready = this.page.locator(
      [
        '[data-testid="transfer"][data-state="sharing"]',
        ...known.map((root) => `:not([data-root="${root}"])`),
      ].join(''),
    );
    await expect(ready).toHaveCount(1, { timeout });
    const root = (await ready.getAttribute('data-root')) ?? '';
    const link = await ready.getByTestId('share-link').inputValue();
    return { root, link };
  }
}
