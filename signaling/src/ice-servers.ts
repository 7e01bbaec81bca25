import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_INTRODUCED_PEERS, serverMessage, type IceServer } from '@tabswarm/protocol/signaling';
import { SettingError } from './setting-error.ts';

const EXAMPLE =
  '[{"urls":"stun:stun.example:3478"},{"urls":"turn:turn.example:3478","username":"name","credential":"secret"}]';
/** RFC 7064 and RFC 7065, closely enough to catch a slip. */
const STUN_URL = /^stuns?:[^\s/?]+$/;
const TURN_URL = /^turns?:[^\s/?]+(?:\?transport=(?:udp|tcp))?$/;

/**
 * The STUN and TURN servers that every page is told of, from JSON in the form of RTCConfiguration.iceServers. Throws a
 * SettingError, so that a mistake shows at the start and not in somebody's browser.
 */
export function parseIceServers(text: string): readonly IceServer[] {
  if (text.trim() === '') return [];
  const list = parseJson(text);
  if (!Array.isArray(list)) throw problem('it is not a list');
  const servers = list.map((entry: unknown, i) => iceServer(entry, `entry ${i + 1}`));
  return checkFits(servers);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw problem('it is not JSON', cause);
  }
}

function iceServer(entry: unknown, where: string): IceServer {
  if (typeof entry !== 'object' || entry === null) throw problem(`${where} is not an object`);
  const { urls, username, credential } = entry as Record<string, unknown>;
  const all: readonly unknown[] = Array.isArray(urls) ? urls : [urls];
  const texts = all.map((url) => {
    if (typeof url === 'string' && (STUN_URL.test(url) || TURN_URL.test(url))) return url;
    throw problem(`${where} has ${JSON.stringify(url)} where a stun:, stuns:, turn: or turns: URL belongs`);
  });
  if (texts.length === 0) throw problem(`${where} has no URL`);
  for (const [name, value] of Object.entries({ username, credential })) {
    if (value !== undefined && typeof value !== 'string')
      throw problem(`${where} has a ${name} that is no text`);
    if (value === undefined && texts.some((url) => TURN_URL.test(url))) {
      throw problem(`${where} is a TURN server without a ${name}`);
    }
  }
  return {
    urls: texts,
    ...(typeof username === 'string' ? { username } : {}),
    ...(typeof credential === 'string' ? { credential } : {}),
  };
}

/** What every newcomer is sent has its limits; here is where they show, with the longest welcome there can be. */
function checkFits(iceServers: readonly IceServer[]): readonly IceServer[] {
  const peers = Array.from({ length: MAX_INTRODUCED_PEERS }, () => '0'.repeat(64) as NodeId);
  try {
    serverMessage.decode(serverMessage.encode({ type: 'welcome', peers, iceServers }));
  } catch (cause) {
    throw problem('it is too long: at most 8 servers, 8 URLs each, 256 bytes per text', cause);
  }
  return iceServers;
}

function problem(what: string, cause?: unknown): SettingError {
  return new SettingError(`ICE_SERVERS cannot be used: ${what}. An example: ${EXAMPLE}`, { cause });
}
