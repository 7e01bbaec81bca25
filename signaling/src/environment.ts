import { fileURLToPath } from 'node:url';
import {
  isSignalingAddress,
  MAX_SIGNALING_URLS,
  problemOfLinkCounts,
  type LinkCounts,
} from '@tabswarm/protocol/page-config';
import { SIGNALING_PATH } from '@tabswarm/protocol/signaling';
import { parseIceServers } from './ice-servers.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { SettingError } from './setting-error.ts';
import type { SignalingOptions } from './signaling.ts';

export interface Settings extends SignalingOptions {
  /** The folder of the built app. */
  readonly appFolder: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_PORT = 65_535;
/** Of this server itself, as its pages name it: relative to where they stand, which a proxy may have moved. */
const OWN_SIGNALING = SIGNALING_PATH.slice(1);
/** From signaling/dist as from signaling/src. */
const BUILT_APP = fileURLToPath(new URL('../../apps/web/dist', import.meta.url));

/** All that can be set from outside. Throws a SettingError. */
export function readSettings(environment: Environment): Settings {
  const number = (name: string, fallback: number, max: number = Number.MAX_SAFE_INTEGER): number => {
    const text = environment[name]?.trim() || String(fallback);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > max) {
      throw new SettingError(`${name} is "${text}", but has to be a whole number from 0 to ${max}.`);
    }
    return value;
  };
  return {
    host: environment['HOST']?.trim() || '127.0.0.1',
    port: number('PORT', 8080, MAX_PORT),
    iceServers: parseIceServers(environment['ICE_SERVERS'] ?? ''),
    allowedOrigins: parseOrigins(environment['ALLOWED_ORIGINS'] ?? ''),
    trustProxy: environment['TRUST_PROXY'] === '1',
    page: {
      signaling: parseSignaling(environment['SIGNALING_URLS'] ?? ''),
      links: parseLinks(environment['LINKS'] ?? ''),
    },
    appFolder: environment['APP_FOLDER']?.trim() || BUILT_APP,
    limits: {
      ...DEFAULT_LIMITS,
      maxSockets: number('MAX_SOCKETS', DEFAULT_LIMITS.maxSockets),
      maxSocketsPerAddress: number('MAX_SOCKETS_PER_ADDRESS', DEFAULT_LIMITS.maxSocketsPerAddress),
      maxSocketsOnLoopback: number('MAX_SOCKETS_ON_LOOPBACK', DEFAULT_LIMITS.maxSocketsOnLoopback),
    },
  };
}

/** This server, and others beside it: a page signs in to all of them. */
function parseSignaling(text: string): readonly string[] {
  const others = listOf(text);
  for (const address of others) {
    if (!isSignalingAddress(address)) {
      throw new SettingError(
        `SIGNALING_URLS has "${address}", which is no address of a signaling server. It is a list such as "wss://tabs.example/signal,wss://example.org/signal".`,
      );
    }
  }
  const all = [...new Set([OWN_SIGNALING, ...others])];
  if (all.length > MAX_SIGNALING_URLS) {
    throw new SettingError(
      `SIGNALING_URLS has ${others.length} servers, but ${MAX_SIGNALING_URLS - 1} are the most.`,
    );
  }
  return all;
}

function parseLinks(text: string): LinkCounts | undefined {
  if (text.trim() === '') return undefined;
  const [target = Number.NaN, max = Number.NaN, smallNetwork = Number.NaN, ...more] = text
    .split(',')
    .map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  const counts = { target, max, smallNetwork };
  const problem = more.length > 0 ? 'they are three' : problemOfLinkCounts(counts);
  if (problem === undefined) return counts;
  throw new SettingError(
    `LINKS is "${text}", but has to be three numbers, target,max,smallNetwork, such as "40,64,64": ${problem}.`,
  );
}

function parseOrigins(text: string): readonly string[] | undefined {
  const origins = listOf(text);
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new SettingError(
        `ALLOWED_ORIGINS has "${origin}", which is no origin. It is a list such as "https://tabs.example,https://example.org".`,
      );
    }
  }
  return origins.length === 0 ? undefined : origins;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
