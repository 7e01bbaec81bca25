import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GIB, KIB, MIB, testFile } from '../support/files.ts';
import { searchStorage } from '../support/storage.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** More than what was in flight at the pause, and fetched again: 4 MiB of one source and a batch of 2 MiB. */
const MAX_AGAIN_BYTES = 6 * MIB + 64 * KIB;

/** The call that a story has under way, so that it can be aborted from outside the page. */
interface CallWindow extends SurfaceWindow {
  call: { readonly controller: AbortController; readonly outcome: Promise<string> };
}

function hashing({ page }: Tab) {
  return page.locator('[data-testid="transfer"][data-state="hashing"]');
}

/** Waits until part of it is hashed, so that there is something to clean up. */
async function expectHashing(tab: Tab): Promise<void> {
  await expect(hashing(tab)).toHaveAttribute('data-progress', /0\.0*[1-9]/);
}

/** Aborts the call that is under way, and gives what came of it. */
async function abortCall({ page }: Tab): Promise<string> {
  return page.evaluate(() => {
    const { controller, outcome } = (globalThis as unknown as CallWindow).call;
    controller.abort();
    return outcome;
  });
}

async function expectNothingKept(tab: Tab): Promise<void> {
  // Its identity and what it knows of the network stay.
  await expect
    .poll(async () => (await searchStorage(tab.page, {})).bytes, { message: 'stored bytes' })
    .toBeLessThan(64 * KIB);
}

test.describe('what is under way can be stopped', () => {
  test('a download pauses and goes on', async ({ openProfile }) => {
    const size = 16 * MIB;
    const file = testFile('in two goes.bin', size);
    const { tab: a, tap: sender } = await (await openProfile()).openTappedTab();
    const share = await a.share([file]);
    await sender.holdBulkAfter(8 * MIB);
    const { tab: b, tap } = await (await openProfile()).openTappedTab();
    await b.paste(share.link);
    await b.expectProgress(share.root, 0.2);
    await b.press(share.root, 'Pause');
    await b.expectState(share.root, 'paused');
    await sender.releaseBulk();

    // It stays paused, also over a reload.
    await b.page.reload();
    await b.expectState(share.root, 'paused');
    await b.expectPeers(1);
    const paused = await b.progress(share.root);
    expect(paused).toBeGreaterThanOrEqual(0.2);
    expect(paused).toBeLessThan(1);
    await b.press(share.root, 'Resume');
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
    expect(await tap.bulkReceived()).toBeLessThan(size + MAX_AGAIN_BYTES);
  });

  test('a share that is removed is gone, with all that was kept of it', async ({ openTab }) => {
    const a = await openTab();
    const share = await a.share([testFile('not for long.bin', 4 * MIB)]);
    // Who is asked and does not mean it has it still.
    await a.press(share.root, 'Remove');
    await a.press(share.root, 'Keep');
    await a.press(share.root, 'Remove');
    const keep = a.row(share.root).getByRole('button', { name: /^Keep / });
    await expect(keep).toBeFocused();
    await a.page.keyboard.press('Escape');
    await expect(keep).toHaveCount(0);
    await expect(a.row(share.root).getByRole('button', { name: /^Remove / })).toBeFocused();
    await a.expectState(share.root, 'sharing');
    await a.remove(share.root);
    await expect(a.row(share.root)).toHaveCount(0);
    await expectNothingKept(a);
    await a.page.reload();
    await a.nodeId();
    await expect(a.row(share.root)).toHaveCount(0);

    const b = await openTab();
    await b.expectPeers(1);
    await b.paste(share.link);
    await b.expectWord(share.root, /nobody|any more/i);
  });

  test('a share removed by its only sharer while it is downloaded', async ({ openTab, openProfile }) => {
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share([testFile('taken back.bin', 16 * MIB)]);
    await tap.holdBulkAfter(8 * MIB);
    const b = await openTab();
    await b.paste(share.link);
    await b.expectProgress(share.root, 0.2);
    await b.expectState(share.root, 'fetching');
    await a.remove(share.root);
    await expect(a.row(share.root)).toHaveCount(0);
    await b.expectWord(share.root, /nobody|any more/i);
  });

  test('hashing is cancelled', async ({ openTab, folder }) => {
    const name = 'too large to wait for.bin';
    const path = join(folder, name);
    await writeFile(path, '');
    // A hole: it takes no room here, and as long to hash as any other.
    await truncate(path, 2 * GIB);
    const a = await openTab();
    await a.page.getByTestId('file-input').setInputFiles(path);
    await expect(hashing(a).getByTestId('transfer-name')).toHaveText(name);
    await expectHashing(a);
    await hashing(a)
      .getByRole('button', { name: /^Cancel / })
      .click();
    await expect(a.page.getByTestId('transfer')).toHaveCount(0);
    await expectNothingKept(a);

    // The page goes on as if nothing had been.
    const file = testFile('after all.bin', 1 * MIB);
    const share = await a.share([file]);
    const b = await openTab();
    await b.download(share);
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });
});

test('a chosen folder arrives as it is', async ({ openTab, folder }) => {
  const chosen = join(folder, 'Journey');
  const files = [
    ['notes.txt', testFile('notes', 1_000)],
    ['day 1/morning.bin', testFile('morning', 300 * KIB)],
    ['day 1/late/night.bin', testFile('night', 1 * MIB)],
    ['day 2/morning.bin', testFile('another morning', 0)],
  ] as const;
  for (const [path, { buffer }] of files) {
    await mkdir(dirname(join(chosen, path)), { recursive: true });
    await writeFile(join(chosen, path), buffer);
  }
  const [a, b] = [await openTab(), await openTab()];
  await a.page.getByTestId('folder-input').setInputFiles(chosen);
  const row = a.page.locator('[data-testid="transfer"][data-state="sharing"]');
  const share = {
    link: await row.getByTestId('share-link').inputValue(),
    root: (await row.getAttribute('data-root')) ?? '',
  };
  await b.download(share);
  await expect(b.row(share.root).getByTestId('transfer-name')).toHaveText('Journey');
  await b.row(share.root).getByText('4 files').click();
  for (const [path, { sha256 }] of files) {
    await expect(b.row(share.root).getByText(path, { exact: true })).toBeVisible();
    expect(await b.hashOf(share.root, path)).toBe(sha256);
  }
});

test.describe('a script aborts', () => {
  test('what it shares: nothing of it stays', async ({ openTab }) => {
    const a = await openTab();
    await a.page.evaluate((size) => {
      // One piece over and over: it takes little room here, and as long to hash as any other.
      const piece = new Blob([new Uint8Array(16 * 1024 * 1024)]);
      const pieces = Array.from({ length: size / piece.size }, () => piece);
      const page = globalThis as unknown as CallWindow;
      const controller = new AbortController();
      const { signal } = controller;
      const outcome = page.tabswarm.share([new File(pieces, 'endless.bin')], { signal }).then(
        () => 'shared',
        (cause: unknown) => (cause instanceof Error ? cause.name : String(cause)),
      );
      page.call = { controller, outcome };
    }, 2 * GIB);
    await expectHashing(a);
    expect(await abortCall(a)).toBe('AbortError');
    await expect(a.page.getByTestId('transfer')).toHaveCount(0);
    await expectNothingKept(a);
  });

  test('what it downloads: it pauses, and goes on when it is asked for again', async ({
    openTab,
    openProfile,
  }) => {
    const file = testFile('on second thought.bin', 16 * MIB);
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share([file]);
    await tap.holdBulkAfter(8 * MIB);
    const b = await openTab();
    await b.page.evaluate((link) => {
      const page = globalThis as unknown as CallWindow;
      const controller = new AbortController();
      const { signal } = controller;
      const outcome = page.tabswarm.download(link, { signal }).then(
        () => 'downloaded',
        (cause: unknown) => (cause instanceof Error ? cause.name : String(cause)),
      );
      page.call = { controller, outcome };
    }, share.link);
    await b.expectProgress(share.root, 0.2);
    expect(await abortCall(b)).toBe('AbortError');
    await b.expectState(share.root, 'paused');

    await tap.releaseBulk();
    const { root } = await b.page.evaluate(
      async (link) => (globalThis as unknown as SurfaceWindow).tabswarm.download(link),
      share.link,
    );
    expect(root).toBe(share.root);
    expect(await b.hashOf(share.root, file.name)).toBe(file.sha256);
  });
});
