import { formatBytes } from '../format.ts';
import { SourceError } from './source.ts';

/** The browser has no way to save so much: neither a dialog nor a service worker. */
export class TooLargeToSaveError extends Error {
  override readonly name = 'TooLargeToSaveError';
  readonly limit: number;

  constructor(limit: number) {
    super(`this browser can save at most ${limit} bytes at once`);
    this.limit = limit;
  }
}

/** Whoever was taking it left off: the browser's download was cancelled, or failed, or never came to be. */
export class HandOverEndedError extends Error {
  override readonly name = 'HandOverEndedError';
  /** Whether anything was asked of us at all. */
  readonly begun: boolean;

  constructor(
    message: string,
    { begun = true, ...options }: ErrorOptions & { readonly begun?: boolean } = {},
  ) {
    super(message, options);
    this.begun = begun;
  }
}

/** Why saving stopped, and what to do. What was downloaded is in the browser's storage as before. */
export function problemOfSaving(cause: unknown): string {
  if (cause instanceof TooLargeToSaveError) {
    return `This browser can save at most ${formatBytes(cause.limit)} at once from here. Save single files, or open the link in a current Chrome, Edge, Firefox or Safari, not in a private window.`;
  }
  if (cause instanceof SourceError) {
    return 'The share was removed, or parts of it could not be read. Download it again, and then save it.';
  }
  if (cause instanceof HandOverEndedError && !cause.begun) {
    return 'The browser did not begin to save: it may be set to stop this page from downloading several files. Allow that, or reload the page, and save again.';
  }
  if (cause instanceof HandOverEndedError) {
    return 'The browser stopped saving: the download was cancelled there, or the disk is full. Nothing is lost here: save again.';
  }
  switch (cause instanceof Error ? cause.name : '') {
    case 'QuotaExceededError':
      return 'The disk is full. Make room and save again: what was downloaded is still here.';
    case 'NotAllowedError':
    case 'SecurityError':
      return 'The browser no longer lets this page write there. Save again, choose the place, and allow it.';
    case 'NotFoundError':
      return 'The place that was chosen is gone: a folder was moved or deleted, or a drive taken out. Save again, and choose another.';
    case 'NoModificationAllowedError':
    case 'InvalidStateError':
      return 'Another program has the file open, or it may not be changed. Close it, or save under another name.';
    case 'TypeError':
      return 'The place that was chosen does not take a file of this name. Save again, and choose another.';
    default:
      return 'It could not be saved there. Save again, perhaps in another place: what was downloaded is still here.';
  }
}
