export type { Connection, OpenConnection, Pipe, Signal } from './connection.ts';
export type { Arrival, Introducer } from './introducer.ts';
export { openSimplePeerConnection } from './simple-peer-connection.ts';
export { createWebRtcTransport, type WebRtcCollaborators } from './transport.ts';
export {
  createWebSocketIntroducer,
  type SignalingState,
  type WebSocketIntroducer,
  type WebSocketIntroducerCollaborators,
} from './websocket-introducer.ts';
