export type { Node } from './api.ts';
export { savedPaths, type NameChange, type SavedPath } from '@tabswarm/content';
export { openNode } from './open-node.ts';
export type { LookupPath, LookupPurpose, LookupTrace } from '@tabswarm/dht';
export type { NodeSnapshot, PeerView, Problem, TransferView } from './snapshot.ts';
export type { FileStatus } from './file-status.ts';
export type { FilePriority, SourceFile, Vault, Visibility } from './vault.ts';
export type { Root } from '@tabswarm/protocol/ids';
export { CONFIG_PATH, parsePageConfig, type LinkCounts } from '@tabswarm/protocol/page-config';
