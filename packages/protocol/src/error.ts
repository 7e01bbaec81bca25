export type ProtocolErrorCode =
  /** Not well formed, or a value outside its limits. */
  | 'malformed'
  /** More bytes or items than the limit allows. */
  | 'too-large'
  /** A message type or field value from a newer version. */
  | 'unknown'
  /** The other side speaks an older version than we still do. */
  | 'too-old'
  /** The other side needs a newer version than ours. */
  | 'too-new'
  /** A signature that does not match. */
  | 'forged';

/** Bytes from outside that are not what the protocol says. The sender is at fault; the receiver lives on. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
