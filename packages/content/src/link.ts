import type { Root } from '@tabswarm/protocol/ids';

/*
 * What a person hands on. The root names the share and, with it, everything in it; the key opens it. Both stay behind
 * the `#` of an app link, which a browser never sends to a server.
 */
export interface ShareLink {
  readonly root: Root;
  /** Base64url, 32 bytes: the key of a private share. */
  readonly key?: string | undefined;
  /** What to call the share until its metainfo is there. Never for a private one. */
  readonly name?: string | undefined;
  /** Bytes of the files. */
  readonly length?: number | undefined;
  /** Signaling servers where the sharer can be met. */
  readonly signaling: readonly string[];
}

/** Multihash of a SHA-256 digest: function 0x12, 0x20 bytes. */
export const MULTIHASH_PREFIX = '1220';

/** `magnet:?xt=urn:btmh:...`; a private share's has its key and not its name. */
export function formatMagnet(link: ShareLink): string {
  const parts = [`xt=urn:btmh:${MULTIHASH_PREFIX}${link.root}`];
  if (link.key === undefined && link.name !== undefined) parts.push(`dn=${encodeURIComponent(link.name)}`);
  if (link.length !== undefined) parts.push(`xl=${link.length}`);
  if (link.key !== undefined) parts.push(`x.k=${link.key}`);
  for (const url of link.signaling) parts.push(`x.s=${encodeURIComponent(url)}`);
  return `magnet:?${parts.join('&')}`;
}

/** The page at `site`, with the magnet behind its `#`. */
export function formatAppLink(site: string, link: ShareLink): string {
  const url = new URL(site);
  return `${url.origin}${url.pathname}#${formatMagnet(link)}`;
}

export type LinkErrorCode =
  | 'empty'
  | 'too-long'
  /** Nothing in it looks like a share. */
  | 'not-a-link'
  /** A link without a hash, or with one that was cut off or mistyped. */
  | 'bad-hash'
  /** A BitTorrent v1 magnet. */
  | 'v1-only'
  /** A hash of a kind other than SHA-256. */
  | 'unsupported-hash'
  | 'bad-key'
  /** Names two shares, or two keys. */
  | 'ambiguous';

/** What was pasted is not a link to a share. The message tells a person what is wrong and what to do. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: LinkErrorCode;

  constructor(code: LinkErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
