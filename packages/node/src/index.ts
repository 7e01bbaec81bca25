export type { Node } from './node.ts';
export { openNode } from './open-node.ts';
export type { NodeSnapshot, Problem, TransferView } from './snapshot.ts';
export type { SourceFile, Vault, Visibility } from './vault.ts';
export type { Root } from '@tabswarm/protocol/ids';
