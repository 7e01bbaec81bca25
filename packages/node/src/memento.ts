import { errorText, type Log } from '@tabswarm/base';

/** How much a browser kept the last time that somebody looked. */
export interface Kept {
  readonly shares: number;
  readonly bytes: number;
}

/**
 * Remembers how much is kept, in another place than where it is kept: a browser that clears its databases when the disk
 * is full leaves nothing else behind that says that something was there.
 */
export interface Memento {
  read(): Kept | undefined;
  write(kept: Kept): void;
}

/** For a store of which nobody else remembers anything. */
export const noMemento: Memento = { read: () => undefined, write: () => undefined };

const KEY = 'tabswarm kept';

/** `storage` is the browser's localStorage, which may be turned off. */
export function createMemento(storage: () => Storage, log: Log): Memento {
  return {
    read() {
      try {
        return parse(storage().getItem(KEY));
      } catch (cause) {
        log.info('nothing can be remembered', { cause: errorText(cause) });
        return undefined;
      }
    },
    write({ shares, bytes }) {
      try {
        const text = `${shares} ${bytes}`;
        if (storage().getItem(KEY) !== text) storage().setItem(KEY, text);
      } catch (cause) {
        log.info('nothing can be remembered', { cause: errorText(cause) });
      }
    },
  };
}

function parse(text: string | null): Kept | undefined {
  const found = text?.match(/^(\d{1,9}) (\d{1,15})$/);
  return found ? { shares: Number(found[1]), bytes: Number(found[2]) } : undefined;
}
