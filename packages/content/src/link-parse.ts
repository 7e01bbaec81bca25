import { fromBase64Url, toBase64Url } from '@tabswarm/protocol/bytes';
import { idFromText, type Root } from '@tabswarm/protocol/ids';
import { LinkError, MULTIHASH_PREFIX, type ShareLink } from './link.ts';
import { MAX_NAME_BYTES, safeName, truncateUtf8 } from './path.ts';
import { SHARE_KEY_BYTES } from './seal.ts';

/** Longer than any link that we make; keeps a pasted document from being searched. */
const MAX_LINK_LENGTH = 16 * 1024;
const MAX_SIGNALING_URLS = 8;
const MAX_URL_LENGTH = 512;

/** The scheme, also where a messenger has percent-encoded it. */
const MAGNET = /magnet(?::|%3a)(\?|%3f)/i;
const HEX_64 = /^[0-9a-f]{64}$/i;
const V1_HASH = /^(?:[0-9a-f]{40}|[a-z2-7]{32})$/i;
/** What mail and chat programs put after a link. */
const TRAILING_PUNCTUATION = /[.,;:!)\]}>'"]+$/;

/**
 * The share behind whatever a person pasted: a magnet, an app link, a bare hash or a multihash, with stray white space,
 * in any letter case. Throws a LinkError.
 */
export function parseLink(pasted: string): ShareLink {
  if (pasted.length > MAX_LINK_LENGTH) {
    throw new LinkError('too-long', 'This is too long to be a share link. Paste the link alone.');
  }
  const text = pasted.trim();
  if (text === '') throw new LinkError('empty', 'Paste a share link here.');
  const magnet = MAGNET.exec(text);
  if (magnet) {
    const rest = text.slice(magnet.index + magnet[0].length);
    // With the "?" encoded the whole of it was; the values may be encoded once more inside.
    return parseMagnet(magnet[1] === '?' ? rest : unescapeUrl(rest));
  }
  const bare = text.includes('#') ? text.slice(text.lastIndexOf('#') + 1) : text;
  if (isUrl(text) && bare === text) {
    throw new LinkError(
      'not-a-link',
      'This web address has no share in it: the part from "#" on is missing. Copy the whole link.',
    );
  }
  return { root: bareHash(bare), signaling: [] };
}

function parseMagnet(query: string): ShareLink {
  const values = new Map<string, string[]>();
  for (const part of query.replaceAll(/&amp;/gi, '&').split('&')) {
    const split = part.indexOf('=');
    if (split < 0) continue;
    const name = unescapeUrl(part.slice(0, split)).trim().toLowerCase();
    const value = part.slice(split + 1);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const all = (name: string): string[] => values.get(name) ?? [];
  // BEP 9 numbers several topics: xt.1, xt.2.
  const topics = [...values].flatMap(([name, found]) => (/^xt(?:\.\d+)?$/.test(name) ? found : []));
  return {
    root: rootOfTopics(topics.map((topic) => token(topic))),
    key: keyOf(all('x.k')),
    name: all('dn')
      .map(displayName)
      .find((name) => name !== undefined),
    length: all('xl')
      .map(lengthOf)
      .find((length) => length !== undefined),
    signaling: signalingOf(all('x.s')),
  };
}

function rootOfTopics(topics: readonly string[]): Root {
  const hashes = topics.flatMap((topic) => /^urn:btmh:(.*)$/i.exec(topic)?.[1] ?? []);
  const roots = new Set(hashes.map(multihash));
  const [root] = roots;
  if (roots.size > 1) {
    throw new LinkError('ambiguous', 'This link names several shares. Paste the link of one of them.');
  }
  if (root !== undefined) return root;
  if (topics.some((topic) => /^urn:btih:/i.test(topic))) throw v1Only();
  throw new LinkError(
    'bad-hash',
    'This magnet link has no hash, so it does not say which share it means. Copy the whole link.',
  );
}

function multihash(text: string): Root {
  const lower = text.toLowerCase();
  if (!/^[0-9a-f]*$/.test(lower)) throw badHash();
  const digest = lower.slice(MULTIHASH_PREFIX.length);
  if (lower.startsWith(MULTIHASH_PREFIX) && digest.length !== 64) throw wrongLength(digest.length);
  if (!lower.startsWith(MULTIHASH_PREFIX)) {
    throw new LinkError(
      'unsupported-hash',
      'This magnet link uses a kind of hash that Tabswarm does not know; it needs SHA-256 (a hash that begins with 1220).',
    );
  }
  return idFromText<Root>(digest);
}

function bareHash(text: string): Root {
  const compact = token(text);
  if (HEX_64.test(compact)) return idFromText<Root>(compact);
  if (/^[0-9a-f]{50,}$/i.test(compact)) {
    const isMultihash = compact.startsWith(MULTIHASH_PREFIX) && compact.length > 64;
    if (isMultihash) return multihash(compact);
    throw wrongLength(compact.length);
  }
  if (V1_HASH.test(compact)) throw v1Only();
  throw new LinkError(
    'not-a-link',
    'This is not a share link. Paste a link that begins with "magnet:", a Tabswarm web address, or a hash of 64 digits.',
  );
}

function keyOf(values: readonly string[]): string | undefined {
  const keys = new Set(values.map(readKey));
  if (keys.size > 1) {
    throw new LinkError(
      'ambiguous',
      'This link has two different keys. Ask the sender for the link once more.',
    );
  }
  const [key] = keys;
  return key;
}

function readKey(value: string): string {
  const text = token(value).replace(/=+$/, '');
  const bytes = /^[\w-]{43}$/.test(text) ? fromBase64Url(text) : undefined;
  if (bytes?.byteLength !== SHARE_KEY_BYTES) {
    throw new LinkError(
      'bad-key',
      'The key at the end of this link is incomplete or mistyped, so the files could not be opened. Copy the whole link.',
    );
  }
  // The last digit has bits to spare; written anew, the same key is always the same text.
  return toBase64Url(bytes);
}

function displayName(value: string): string | undefined {
  const name = unescapeUrl(value.replaceAll('+', ' ')).replaceAll(/\s+/g, ' ').trim();
  return name === '' ? undefined : truncateUtf8(safeName(name), MAX_NAME_BYTES);
}

function lengthOf(value: string): number | undefined {
  const text = token(value);
  const length = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(length) ? length : undefined;
}

/** A hint that cannot be used is passed over: the share may be found without it. */
function signalingOf(values: readonly string[]): string[] {
  const urls = values.map((value) => unescapeUrl(value).replaceAll(/\s/g, '')).filter(isSignalingUrl);
  return [...new Set(urls)].slice(0, MAX_SIGNALING_URLS);
}

function isSignalingUrl(text: string): boolean {
  return text.length <= MAX_URL_LENGTH && /^wss?:\/\//i.test(text) && URL.canParse(text);
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * A value that has no white space of its own. A line break put in by a mail program is taken out; text that follows
 * the link, as in "...5A Sent from my phone", is not part of it.
 */
function token(value: string): string {
  const text = unescapeUrl(value)
    .replaceAll(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .trim();
  const first = (text.split(/\s/, 1)[0] ?? '').replace(TRAILING_PUNCTUATION, '');
  return isComplete(first) ? first : text.replaceAll(/\s/g, '').replace(TRAILING_PUNCTUATION, '');
}

/** Whether it already is all that a hash or a key can be. */
function isComplete(text: string): boolean {
  return /^(?:urn:btmh:1220|1220)?[0-9a-f]{64}$/i.test(text) || /^[\w-]{43}$/.test(text);
}

/** Percent-decoding that leaves alone what is not encoded. */
function unescapeUrl(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray "%": somebody typed or cut it. The text as it stands is the best guess.
    return text;
  }
}

function v1Only(): LinkError {
  return new LinkError(
    'v1-only',
    'This is a BitTorrent v1 link. Tabswarm needs a v2 link, whose hash begins with "urn:btmh:1220". Ask for a v2 or hybrid link.',
  );
}

function badHash(): LinkError {
  return new LinkError('bad-hash', 'The hash in this link has a mistyped character. Copy the whole link.');
}

function wrongLength(digits: number): LinkError {
  return new LinkError(
    'bad-hash',
    `The hash in this link has ${digits} digits instead of 64. Copy the whole link.`,
  );
}
