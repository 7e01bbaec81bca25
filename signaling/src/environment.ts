import { fileURLToPath } from 'node:url';
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
    appFolder: environment['APP_FOLDER']?.trim() || BUILT_APP,
    limits: {
      ...DEFAULT_LIMITS,
      maxSockets: number('MAX_SOCKETS', DEFAULT_LIMITS.maxSockets),
      maxSocketsPerAddress: number('MAX_SOCKETS_PER_ADDRESS', DEFAULT_LIMITS.maxSocketsPerAddress),
      maxSocketsOnLoopback: number('MAX_SOCKETS_ON_LOOPBACK', DEFAULT_LIMITS.maxSocketsOnLoopback),
    },
  };
}

function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new SettingError(
        `ALLOWED_ORIGINS has "${origin}", which is no origin. It is a list such as "https://tabs.example,https://example.org".`,
      );
    }
  }
  return origins.length === 0 ? undefined : origins;
}
