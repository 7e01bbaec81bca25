export type * from '../vault.ts';
export { createVault, type LocalVault } from './create-vault.ts';
export { createMemoryStoreLock, createWebStoreLock, type StoreLock } from './store-lock.ts';
