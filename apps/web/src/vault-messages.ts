import type { Root, Vault, VaultChange } from '@tabswarm/node';

/*
 * How page and worker speak of the vault, beside what Comlink carries as it is. A message between threads costs more than
 * most of what it asks for, so what comes for each block is kept to few of them.
 */

export interface WantedBlock {
  readonly root: Root;
  readonly index: number;
}

export interface RemoteVault extends Omit<Vault, 'onChange' | 'block'> {
  /** From now on changes come as messages of their own, in order with all answers. */
  watch(): Promise<void>;
  /** The bytes of each, in the same order; undefined for what is not here. */
  blocks(wanted: readonly WantedBlock[]): Promise<(ArrayBuffer | undefined)[]>;
}

/** Not of Comlink's kind, which passes over it: nobody answers it. */
export interface ChangeMessage {
  readonly change: VaultChange;
}

export function isChangeMessage(data: unknown): data is ChangeMessage {
  return typeof data === 'object' && data !== null && 'change' in data;
}
