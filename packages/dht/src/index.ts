export { createDht, type Dht, type DhtCollaborators, type DhtOptions } from './dht.ts';
export { NoNetworkError, NoRouteError, NotStoredError, UnsureError } from './errors.ts';
export type { NodeLookup, RecordInput, StoreResult } from './lookup/operations.ts';
export type { LinkPolicy } from './routing-table/link-policy.ts';
export type { LookupPath, LookupPurpose, LookupTrace } from './lookup/trace.ts';
export type { Signing } from './signing.ts';
export { webCryptoSigning } from './signing.ts';
export type { Provision, ProvisionState } from './records/publisher.ts';
export type { DhtSnapshot } from './snapshot.ts';
