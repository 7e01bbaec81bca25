import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/environment.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import { SettingError } from '../src/setting-error.ts';

const reading = (environment: Record<string, string>) => () => readSettings(environment);

describe('readSettings', () => {
  it('has a value for everything', () => {
    expect(readSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      iceServers: [],
      allowedOrigins: undefined,
      trustProxy: false,
      page: { signaling: ['signal'], links: undefined },
      limits: DEFAULT_LIMITS,
    });
  });

  it('takes what it is told', () => {
    const settings = readSettings({
      HOST: '0.0.0.0',
      PORT: '0',
      TRUST_PROXY: '1',
      ALLOWED_ORIGINS: 'https://tabs.example, http://localhost:5173',
      MAX_SOCKETS_PER_ADDRESS: '4',
      SIGNALING_URLS: 'wss://tabs.example/signal, signal, wss://example.org/signal',
      LINKS: '4, 6, 2',
      ICE_SERVERS: JSON.stringify([
        { urls: 'stun:stun.example' },
        { urls: ['turn:turn.example:3478?transport=tcp'], username: 'name', credential: 'secret' },
      ]),
    });
    expect(settings).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      trustProxy: true,
      allowedOrigins: ['https://tabs.example', 'http://localhost:5173'],
      iceServers: [
        { urls: ['stun:stun.example'] },
        { urls: ['turn:turn.example:3478?transport=tcp'], username: 'name', credential: 'secret' },
      ],
    });
    expect(settings.page).toEqual({
      signaling: ['signal', 'wss://tabs.example/signal', 'wss://example.org/signal'],
      links: { target: 4, max: 6, smallNetwork: 2 },
    });
    expect(settings.limits.maxSocketsPerAddress).toBe(4);
  });

  it.each(['http', '-1', '65536', '80.5', '1e3'])('does not take PORT=%s', (PORT) => {
    expect(reading({ PORT })).toThrow(SettingError);
    expect(reading({ PORT })).toThrow(/PORT is ".*", but has to be/);
  });

  it.each(['tabs.example', 'https://tabs.example/', '*'])('does not take ALLOWED_ORIGINS=%s', (origin) => {
    expect(reading({ ALLOWED_ORIGINS: origin })).toThrow(/ALLOWED_ORIGINS has .* which is no origin/);
  });

  it.each(['https://tabs.example/signal', '//tabs.example/signal', 'wss://'])(
    'does not take SIGNALING_URLS=%s',
    (url) => {
      expect(reading({ SIGNALING_URLS: url })).toThrow(SettingError);
      expect(reading({ SIGNALING_URLS: url })).toThrow(/SIGNALING_URLS has .* which is no address/);
    },
  );

  it('does not take more signaling servers than a page does', () => {
    const urls = Array.from({ length: 8 }, (_, i) => `wss://server-${i}.example/signal`);
    expect(reading({ SIGNALING_URLS: urls.slice(1).join(',') })).not.toThrow();
    expect(reading({ SIGNALING_URLS: urls.join(',') })).toThrow(/has 8 servers, but 7 are the most/);
  });

  it.each([
    ['40', 'they are whole numbers'],
    ['4,6,2,1', 'they are three'],
    ['4;6;2', 'they are whole numbers'],
    ['4,6,x', 'they are whole numbers'],
    ['4,65,2', 'max is from 1 to 64'],
    ['7,6,2', 'target is from 1 to max'],
    ['4,6,7', 'smallNetwork is from 0 to max'],
  ])('does not take LINKS=%s: %s', (text, reason) => {
    expect(reading({ LINKS: text })).toThrow(SettingError);
    expect(reading({ LINKS: text })).toThrow(reason);
  });

  it.each([
    ['stun:stun.example', 'it is not JSON'],
    ['{"urls":"stun:stun.example"}', 'it is not a list'],
    ['["stun:stun.example"]', 'entry 1 is not an object'],
    ['[{"urls":"stun:stun.example"},{}]', 'entry 2 has undefined where'],
    ['[{"urls":[]}]', 'entry 1 has no URL'],
    ['[{"urls":"https://stun.example"}]', 'entry 1 has "https://stun.example" where'],
    ['[{"urls":"turn:turn.example"}]', 'entry 1 is a TURN server without a username'],
    ['[{"urls":"turn:turn.example","username":"name"}]', 'entry 1 is a TURN server without a credential'],
    ['[{"urls":"stun:stun.example","username":7}]', 'entry 1 has a username that is no text'],
    [JSON.stringify(Array.from({ length: 9 }, () => ({ urls: 'stun:stun.example' }))), 'it is too long'],
    [JSON.stringify([{ urls: `stun:${'a'.repeat(256)}` }]), 'it is too long'],
  ])('does not take ICE_SERVERS=%s: %s', (text, reason) => {
    expect(reading({ ICE_SERVERS: text })).toThrow(SettingError);
    expect(reading({ ICE_SERVERS: text })).toThrow(reason);
  });
});
