/** Bytes that do not hash to what was asked for. Whoever sent them is at fault; asking another is worth while. */
export class CorruptError extends Error {
  override readonly name = 'CorruptError';
}

/** The link's key is not the key that the share was sealed with. */
export class WrongKeyError extends Error {
  override readonly name = 'WrongKeyError';
}

export type MetainfoErrorCode =
  /** Not a BitTorrent v2 info dictionary, or a manifest that is not one. */
  | 'malformed'
  /** A BitTorrent v1 info dictionary, which has no hash trees. */
  | 'v1-only'
  /** More bytes, files, blocks or folders in one another than we take on. */
  | 'too-large'
  /** A name that could reach outside the folder it is saved to, or deceive the reader. */
  | 'unsafe-path'
  /** Two files at the same place, or a file where another needs a folder. */
  | 'duplicate-path'
  /** Made by a newer version of this software. */
  | 'too-new';

/** The share itself is not one we can take on, whoever sent it: its hash is right, what it says is not. */
export class MetainfoError extends Error {
  override readonly name = 'MetainfoError';
  readonly code: MetainfoErrorCode;

  constructor(code: MetainfoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
