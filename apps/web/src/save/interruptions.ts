/** Remembers over a reload of this tab that something was being saved, so that the page can say that it was not. */
export interface Interruptions {
  /** The shares that something of was being saved when the page was left. */
  before(): readonly string[];
  /** Something of this share is being saved, until the answer is called. */
  begin(root: string): () => void;
}

const KEY = 'tabswarm saving';

/** In the tab's session storage: it goes with the tab, and no other tab sees it. Roots only, neither keys nor names. */
export function createInterruptions(storage: Pick<Storage, 'getItem' | 'setItem'>): Interruptions {
  const before = read(storage);
  const saving: string[] = [];
  const write = (): void => storage.setItem(KEY, JSON.stringify(saving));
  write();
  return {
    before: () => before,
    begin(root) {
      saving.push(root);
      write();
      return () => {
        saving.splice(saving.indexOf(root), 1);
        write();
      };
    },
  };
}

function read(storage: Pick<Storage, 'getItem'>): readonly string[] {
  const text = storage.getItem(KEY) ?? '[]';
  return [...new Set(JSON.parse(text) as readonly string[])];
}
