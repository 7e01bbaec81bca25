import { errorText, type Log } from '@tabswarm/base';
import { CONFIG_PATH, parsePageConfig, type LinkCounts } from '@tabswarm/node';

/** A link costs memory, and a hidden phone's radio. */
const DESKTOP_LINKS: LinkCounts = { target: 40, max: 64, smallNetwork: 64 };
const MOBILE_LINKS: LinkCounts = { target: 16, max: 24, smallNetwork: 24 };
/** Next to the page, wherever that is. */
const OWN_SIGNALING = 'signal';
/** A server that takes longer has other troubles; the page does not wait for them. */
const CONFIG_LIMIT_MS = 3_000;

/** What the operator of the page's server has set, and what follows from the device. */
export interface Configuration {
  /** ws: or wss: addresses. */
  readonly signalingUrls: readonly string[];
  readonly links: LinkCounts;
}

/** Where the page is, and on what. */
export interface Place {
  /** The page's address, as `document.baseURI`. */
  readonly base: string;
  readonly isMobile: boolean;
  readonly fetch: (url: URL, options: RequestInit) => Promise<Response>;
}

/** Never rejects: without a configuration, as on a static host, the page has its defaults. */
export async function readConfiguration(log: Log, { base, isMobile, fetch }: Place): Promise<Configuration> {
  const fetchConfig = async () => {
    const answer = await fetch(new URL(CONFIG_PATH.slice(1), base), {
      cache: 'no-store',
      signal: AbortSignal.timeout(CONFIG_LIMIT_MS),
    });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return parsePageConfig(await answer.text());
  };
  const { signaling, links } = await fetchConfig().catch((cause: unknown) => {
    log.warn('there is no configuration to be had; going on without', { cause: errorText(cause) });
    return { signaling: [OWN_SIGNALING], links: undefined };
  });
  return {
    signalingUrls: signaling.map((address) => webSocketUrl(address, base)),
    links: links ?? (isMobile ? MOBILE_LINKS : DESKTOP_LINKS),
  };
}

/** Of this page. */
export function currentPlace(): Place {
  return { base: document.baseURI, isMobile: isMobile(), fetch: (url, options) => fetch(url, options) };
}

function webSocketUrl(address: string, base: string): string {
  const url = new URL(address, base);
  url.protocol = url.protocol.replace('http', 'ws');
  return url.href;
}

/** Chromium says it; elsewhere a device whose main pointer is a finger is taken for one. */
function isMobile(): boolean {
  const { userAgentData } = navigator as Navigator & { userAgentData?: { readonly mobile: boolean } };
  return userAgentData?.mobile ?? window.matchMedia('(pointer: coarse)').matches;
}
