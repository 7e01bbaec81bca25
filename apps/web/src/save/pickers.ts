/*
 * The browser's own dialogs that give a page a file or a folder to write to. Chromium has them; types and other browsers
 * do not yet.
 */
interface PickerWindow {
  readonly showSaveFilePicker?: (options: {
    readonly id: string;
    readonly startIn: 'downloads';
    readonly suggestedName: string;
  }) => Promise<FileSystemFileHandle>;
  readonly showDirectoryPicker?: (options: {
    readonly id: string;
    readonly startIn: 'downloads';
    readonly mode: 'readwrite';
  }) => Promise<FileSystemDirectoryHandle>;
}

/** Ask a person where to save; undefined where they thought better of it. Absent where the browser cannot ask. */
export interface Pickers {
  readonly file?: ((suggestedName: string) => Promise<FileSystemFileHandle | undefined>) | undefined;
  readonly folder?: (() => Promise<FileSystemDirectoryHandle | undefined>) | undefined;
}

/** The dialogs of this window. They open only while a click is being handled. */
export function pagePickers(window: Window): Pickers {
  const page = window as PickerWindow;
  // The browser opens each dialog where the one of the same id was last.
  const common = { id: 'tabswarm-save', startIn: 'downloads' } as const;
  return {
    get file() {
      const ask = page.showSaveFilePicker?.bind(page);
      return ask && ((suggestedName: string) => unlessDismissed(ask({ ...common, suggestedName })));
    },
    get folder() {
      const ask = page.showDirectoryPicker?.bind(page);
      return ask && (() => unlessDismissed(ask({ ...common, mode: 'readwrite' })));
    },
  };
}

async function unlessDismissed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') return undefined;
    throw cause;
  }
}
