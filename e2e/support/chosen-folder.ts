import type { Page } from 'playwright/test';

/*
 * Nobody is there to answer the browser's dialogs for a file or folder to save to. In their place a page is given one of
 * the browser's own file system: handles of the same kind, which are written to in the same way.
 */
interface PickerWindow extends Window {
  showSaveFilePicker(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
  showDirectoryPicker(): Promise<FileSystemDirectoryHandle>;
}

/** From now on whatever is saved in this page goes into a folder of that name, until the page is reloaded. */
export async function chooseFolder(page: Page, name = 'chosen'): Promise<void> {
  await page.evaluate((chosen) => {
    const folder = async (): Promise<FileSystemDirectoryHandle> =>
      (await navigator.storage.getDirectory()).getDirectoryHandle(chosen, { create: true });
    const pickers: Partial<PickerWindow> = {
      showDirectoryPicker: folder,
      // A file that is there already is empty from now on, as it is with the browser's dialog.
      async showSaveFilePicker({ suggestedName }) {
        const handle = await (await folder()).getFileHandle(suggestedName, { create: true });
        await (await handle.createWritable()).close();
        return handle;
      },
    };
    Object.assign(globalThis, pickers);
  }, name);
}

/** What lies in that folder: SHA-256 in hexadecimal by path. What goes or changes while it is looked at is left out. */
export async function filesInFolder(page: Page, name = 'chosen'): Promise<Readonly<Record<string, string>>> {
  // oxlint-disable unicorn/consistent-function-scoping -- this runs in the page, which has no outer scope to move to
  return page.evaluate(async (chosen) => {
    const found: Record<string, string> = {};
    const hex = (bytes: ArrayBuffer): string =>
      [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const hashOf = async (entry: FileSystemFileHandle): Promise<string | undefined> => {
      try {
        const bytes = await (await entry.getFile()).arrayBuffer();
        return hex(await crypto.subtle.digest('SHA-256', bytes));
      } catch (cause) {
        const { name: reason } = cause as Error;
        if (reason === 'NotFoundError' || reason === 'NotReadableError') return undefined;
        throw cause;
      }
    };
    const visit = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [entryName, entry] of folder.entries()) {
        const place = `${path}${entryName}`;
        if (entry instanceof FileSystemDirectoryHandle) await visit(entry, `${place}/`);
        else if (entry instanceof FileSystemFileHandle) {
          const hash = await hashOf(entry);
          if (hash !== undefined) found[place] = hash;
        }
      }
    };
    const top = await navigator.storage.getDirectory();
    await visit(await top.getDirectoryHandle(chosen, { create: true }), '');
    return found;
  }, name);
}
