import { MAX_LINKS } from './dht.ts';
import { ProtocolError } from './error.ts';

/*
 * What a page asks the server that it came from, before anything else: JSON at CONFIG_PATH, next to the page. A page
 * on a server that has none (any static host) goes on with the defaults.
 */
export const CONFIG_PATH = '/config.json';
/** More servers than that make a network no safer, only noisier. */
export const MAX_SIGNALING_URLS = 8;
const MAX_URL_CHARS = 512;

/** How many links a tab seeks and takes. */
export interface LinkCounts {
  /** Links that a tab seeks in a large network. */
  readonly target: number;
  /** Links that it takes at most. */
  readonly max: number;
  /** Below so many known nodes everybody is linked to everybody. */
  readonly smallNetwork: number;
}

export interface PageConfig {
  /** Signaling servers: `ws:` and `wss:` addresses, or paths relative to the page. */
  readonly signaling: readonly string[];
  /** For all tabs of this server; absent where each kind of device has its own. */
  readonly links?: LinkCounts | undefined;
}

/** Throws a ProtocolError for anything that is not one. Fields that are not known are passed over. */
export function parsePageConfig(text: string): PageConfig {
  const value = parseJson(text);
  if (!isObject(value)) throw new ProtocolError('malformed', 'a configuration that is no object');
  const { signaling, links } = value;
  if (!Array.isArray(signaling) || signaling.length > MAX_SIGNALING_URLS) {
    throw new ProtocolError('malformed', 'no list of signaling servers');
  }
  return {
    signaling: signaling.map((address: unknown) => {
      if (typeof address === 'string' && isSignalingAddress(address)) return address;
      throw new ProtocolError('malformed', 'not the address of a signaling server');
    }),
    ...(links === undefined ? {} : { links: linkCounts(links) }),
  };
}

/** Whether it can name a signaling server: a `ws:` or `wss:` address, or a path. */
export function isSignalingAddress(address: string): boolean {
  if (address === '' || address.length > MAX_URL_CHARS || /\s/.test(address)) return false;
  if (/^wss?:/i.test(address)) return URL.canParse(address) && new URL(address).hash === '';
  // No scheme, and nothing that a browser would read as another host.
  return /^(?:\.{0,2}\/)?[\w-][\w./-]*$/.test(address);
}

/** What is wrong with these counts, or undefined where they can be used. */
export function problemOfLinkCounts({ target, max, smallNetwork }: LinkCounts): string | undefined {
  if (![target, max, smallNetwork].every((count) => Number.isInteger(count))) return 'they are whole numbers';
  if (max < 1 || max > MAX_LINKS) return `max is from 1 to ${MAX_LINKS}`;
  if (target < 1 || target > max) return 'target is from 1 to max';
  if (smallNetwork < 0 || smallNetwork > max) return 'smallNetwork is from 0 to max';
  return undefined;
}

function linkCounts(value: unknown): LinkCounts {
  const { target, max, smallNetwork } = isObject(value) ? value : {};
  const counts = { target, max, smallNetwork } as LinkCounts;
  const problem = problemOfLinkCounts(counts);
  if (problem !== undefined) throw new ProtocolError('malformed', `not link counts: ${problem}`);
  return counts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('malformed', 'a configuration that is not JSON', { cause });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
