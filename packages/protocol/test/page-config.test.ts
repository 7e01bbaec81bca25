import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/error.ts';
import { parsePageConfig, problemOfLinkCounts } from '../src/page-config.ts';

const parsing = (value: unknown) => () => parsePageConfig(JSON.stringify(value));

describe('the configuration of a page', () => {
  it('[SG16] names signaling servers, by address or relative to the page, and may set the link counts', () => {
    const signaling = [
      'signal',
      '../signal',
      '/apps/signal',
      'wss://tabs.example/signal',
      'ws://localhost:8080',
    ];
    const links = { target: 4, max: 6, smallNetwork: 2 };
    expect(parsePageConfig(JSON.stringify({ signaling, links, later: 'field' }))).toEqual({
      signaling,
      links,
    });
    expect(parsePageConfig('{"signaling":[]}')).toEqual({ signaling: [] });
  });

  it.each([
    'https://tabs.example/signal',
    '//tabs.example/signal',
    'wss://',
    'wss:// tabs.example',
    'wss://tabs.example/#signal',
    'javascript:alert(1)',
    '\\\\tabs.example',
    '',
    7,
    null,
    `wss://tabs.example/${'a'.repeat(512)}`,
  ])('[SG16] does not take %j for a signaling server', (address) => {
    expect(parsing({ signaling: [address] })).toThrow(ProtocolError);
  });

  it.each([
    { target: 0, max: 6, smallNetwork: 2 },
    { target: 7, max: 6, smallNetwork: 2 },
    { target: 4, max: 65, smallNetwork: 2 },
    { target: 4, max: 6, smallNetwork: 7 },
    { target: 4, max: 6, smallNetwork: -1 },
    { target: 4.5, max: 6, smallNetwork: 2 },
    { target: '4', max: 6, smallNetwork: 2 },
    { target: 4, max: 6 },
    [4, 6, 2],
    null,
  ])('[SG16] does not take %j for link counts', (links) => {
    expect(parsing({ signaling: [], links })).toThrow(/not link counts/);
  });

  it.each(['', '[]', 'null', '7', '{}', '{"signaling":"signal"}', `{"signaling":[${'"s",'.repeat(8)}"s"]}`])(
    'refuses %s',
    (text) => {
      expect(() => parsePageConfig(text)).toThrow(ProtocolError);
    },
  );

  it('takes the counts of every kind of device', () => {
    expect(problemOfLinkCounts({ target: 40, max: 64, smallNetwork: 64 })).toBeUndefined();
    expect(problemOfLinkCounts({ target: 16, max: 24, smallNetwork: 24 })).toBeUndefined();
  });
});
