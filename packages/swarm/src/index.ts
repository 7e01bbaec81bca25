export type { Ban, BanBook } from './bans.ts';
export { hasBit, setBit } from './bitfield.ts';
export type { FetchEvent } from './events.ts';
export {
  FIRST,
  SKIPPED,
  WANTED,
  type Holding,
  type Layout,
  type Library,
  type MissingHashes,
  type Verdict,
} from './library.ts';
export type { Receiver } from './receivers.ts';
export type { SourceView } from './source.ts';
export type { Upload } from './upload/server.ts';
export { createSwarm, type Activity, type Limits, type Swarm, type SwarmCollaborators } from './swarm.ts';
export type { Urge, Window } from './urges.ts';
