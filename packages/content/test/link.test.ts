import {
  formatAppLink,
  formatMagnet,
  LinkError,
  parseLink,
  type LinkErrorCode,
  type ShareLink,
} from '@tabswarm/content';
import { toBase64Url } from '@tabswarm/protocol/bytes';
import { idFromBytes, type Root } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafeName } from '../src/path.ts';

const random = createSeededRandom(77);
const root = idFromBytes<Root>(random.bytes(32));
const other = idFromBytes<Root>(random.bytes(32));
const key = toBase64Url(random.bytes(32));
const topic = `xt=urn:btmh:1220${root}`;
const MAGNET = `magnet:?${topic}`;

function failure(text: string): LinkErrorCode | 'taken' {
  try {
    parseLink(text);
    return 'taken';
  } catch (error) {
    if (error instanceof LinkError) return error.code;
    throw error;
  }
}

const named = (dn: string): string | undefined => parseLink(`${MAGNET}&dn=${dn}`).name;
const hints = (...urls: string[]): readonly string[] =>
  parseLink(MAGNET + urls.map((url) => `&x.s=${encodeURIComponent(url)}`).join('')).signaling;

describe('a link', () => {
  it('[LK1] of a public share has hash, name and size', () => {
    const link = { root, name: 'a & b #1.txt', length: 7, signaling: ['wss://x.example/ws?a=b&c'] };
    expect(formatMagnet(link)).toBe(
      `magnet:?xt=urn:btmh:1220${root}&dn=a%20%26%20b%20%231.txt&xl=7&x.s=wss%3A%2F%2Fx.example%2Fws%3Fa%3Db%26c`,
    );
  });

  it('[LK2] of a private share has its key and never its name', () => {
    const magnet = formatMagnet({ root, key, name: 'secret plans', length: 7, signaling: [] });
    expect(magnet).toBe(`magnet:?xt=urn:btmh:1220${root}&xl=7&x.k=${key}`);
  });

  it('[LK3] to the app has all of that behind the #', () => {
    const link = { root, key, signaling: [] };
    for (const site of ['https://x.example', 'https://x.example/?utm=1#old', 'https://x.example/']) {
      expect(formatAppLink(site, link)).toBe(`https://x.example/#${formatMagnet(link)}`);
    }
    expect(formatAppLink('http://127.0.0.1:8080/app/', link)).toBe(
      `http://127.0.0.1:8080/app/#${formatMagnet(link)}`,
    );
  });

  it('[LK4] gives back what it was made of, as magnet and as app link', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const links = fc.record({
      root: id.map((bytes) => idFromBytes<Root>(bytes)),
      key: fc.option(id.map(toBase64Url), { nil: undefined }),
      name: fc.option(
        fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
          .filter((name) => isSafeName(name) && name === name.replaceAll(/\s+/g, ' ').trim()),
        { nil: undefined },
      ),
      length: fc.option(fc.maxSafeNat(), { nil: undefined }),
      signaling: fc.uniqueArray(
        fc.constantFrom('ws://a.example:1/x', 'wss://b.example/?c=%20&d#e', 'wss://ü.example/'),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(links, (link) => {
        const expected: ShareLink = link.key === undefined ? link : { ...link, name: undefined };
        expect(parseLink(formatMagnet(link))).toEqual(expected);
        expect(parseLink(formatAppLink('https://x.example/y', link))).toEqual(expected);
      }),
    );
  });

  it.each([
    ['a bare hash', root],
    ['a bare hash in capitals', root.toUpperCase()],
    ['a hash with white space around and in it', ` \n${root.slice(0, 30)}\r\n\t${root.slice(30)}  `],
    ['a multihash', `1220${root}`],
    ['a hash behind an app address', `https://x.example/#${root}`],
    ['a magnet', MAGNET],
    ['a magnet in capitals', MAGNET.toUpperCase()],
    ['a magnet with white space around', `\u00a0\n ${MAGNET}\n`],
    ['a magnet broken over two lines', `${MAGNET.slice(0, 50)}\n${MAGNET.slice(50)}`],
    ['a magnet with a zero-width space', `\u200b${MAGNET.slice(0, 50)}\u200b${MAGNET.slice(50)}`],
    ['an app link', `https://x.example/#${MAGNET}`],
    ['an app link, percent-encoded', `https://x.example/#${encodeURIComponent(MAGNET)}`],
    ['a magnet, percent-encoded in part', MAGNET.replaceAll(':', '%3A').replace('magnet%3A', 'magnet:')],
    ['a magnet in HTML', `magnet:?dn=x&amp;${topic}`],
    ['a magnet in angle brackets', `<${MAGNET}>`],
    ['a magnet at the end of a sentence', `Look here: ${MAGNET}.`],
    ['a magnet with the hash twice', `${MAGNET}&${topic}`],
    ['a numbered topic', `magnet:?xt.1=urn:btmh:1220${root}`],
    ['a hybrid magnet', `magnet:?xt=urn:btih:${'a'.repeat(40)}&${topic}`],
    ['a magnet with what we do not know', `${MAGNET}&tr=udp%3A%2F%2Fx&so=1-3&x.pe=1.2.3.4:5&novalue`],
  ])('[LK5] is read from %s', (_, text) => {
    expect(parseLink(text).root).toBe(root);
  });

  it('[LK6] has a key in one letter case only, cut free of what follows it', () => {
    const withKey = `${MAGNET}&x.k=${key}`;
    for (const text of [
      withKey,
      `${withKey}=`,
      `${withKey}.`,
      `${withKey}\n\nSent from my phone`,
      `${MAGNET}&X.K=${key.slice(0, 20)}\n${key.slice(20)}`,
      `${withKey}&x.k=${key}`,
      `${MAGNET}&x%2Ek=${key}`,
    ]) {
      expect(parseLink(text).key).toBe(key);
    }
  });

  it.each<[string, LinkErrorCode, string]>([
    ['nothing', 'empty', ''],
    ['white space', 'empty', ' \n\t'],
    ['a document', 'too-long', 'x'.repeat(20_000)],
    ['words', 'not-a-link', 'hello there'],
    ['a web address', 'not-a-link', 'https://x.example/'],
    ['a web address with another fragment', 'not-a-link', 'https://x.example/#top'],
    ['a hash short of a digit', 'bad-hash', root.slice(1)],
    ['a hash with a digit too many', 'bad-hash', `${root}0`],
    ['a magnet without a hash', 'bad-hash', 'magnet:?dn=x'],
    ['an empty magnet', 'bad-hash', 'magnet:?'],
    ['a magnet whose hash is cut off', 'bad-hash', MAGNET.slice(0, -1)],
    ['a magnet whose hash is mistyped', 'bad-hash', `${MAGNET.slice(0, -1)}g`],
    ['a v1 magnet', 'v1-only', `magnet:?xt=urn:btih:${'0123456789'.repeat(4)}`],
    ['a v1 magnet in base32', 'v1-only', `magnet:?xt=urn:btih:${'abcdefgh'.repeat(4)}`],
    ['a v1 hash', 'v1-only', '0123456789'.repeat(4)],
    ['another hash function', 'unsupported-hash', `magnet:?xt=urn:btmh:1114${root.slice(24)}`],
    ['a key cut off', 'bad-key', `${MAGNET}&x.k=${key.slice(1)}`],
    ['an empty key', 'bad-key', `${MAGNET}&x.k=`],
    ['a key that is not base64url', 'bad-key', `${MAGNET}&x.k=${key.slice(1)}*`],
    ['two hashes', 'ambiguous', `${MAGNET}&xt=urn:btmh:1220${other}`],
    ['two keys', 'ambiguous', `${MAGNET}&x.k=${key}&x.k=${toBase64Url(new Uint8Array(32))}`],
  ])('[LK7] is not %s, and says why', (_, code, text) => {
    expect(failure(text)).toBe(code);
    try {
      parseLink(text);
    } catch (error) {
      // A sentence for a person that does not repeat what was pasted: it may hold a key.
      expect((error as LinkError).message).toMatch(/^[A-Z].*\.$/);
      expect((error as LinkError).message).not.toContain(key.slice(2, 20));
    }
  });

  it('[LK8] has a name that is safe to show and to save under, and bounded', () => {
    expect(named('a+b%20c')).toBe('a b c');
    expect(named('..%2F..%2Fetc')).toBe('.._.._etc');
    expect(named('x%E2%80%AEgpj.exe')).toBe('x_gpj.exe');
    expect(named('%0A%00')).toBe('_');
    expect(named('100%')).toBe('100%');
    expect(named('')).toBeUndefined();
    expect(new TextEncoder().encode(named('%C3%A9'.repeat(1000))).byteLength).toBe(254);
  });

  it('[LK9] may name signaling servers: up to 8, WebSockets only', () => {
    expect(
      hints('wss://a.example/', 'javascript:alert(1)', 'https://a.example', 'wss://', 'wss://a.example/'),
    ).toEqual(['wss://a.example/']);
    expect(hints(`wss://a.example/${'x'.repeat(600)}`)).toEqual([]);
    expect(hints(...Array.from({ length: 20 }, (_, i) => `wss://a.example/${i}`))).toHaveLength(8);
  });

  it('[LK9] has a length only where it is a number', () => {
    expect(parseLink(`${MAGNET}&xl=12`).length).toBe(12);
    for (const bad of ['', '-1', '1e3', 'x', '9'.repeat(20)]) {
      expect(parseLink(`${MAGNET}&xl=${bad}`).length).toBeUndefined();
    }
  });

  it('[LK10] is read, or refused with a LinkError, whatever is pasted', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'magnet:?',
        'magnet%3A%3F',
        '&',
        '=',
        '%',
        '#',
        'xt',
        'xt=urn:btmh:1220',
        'x.k=',
        'dn=',
        'x.s=wss://',
        root,
        key,
        '\n',
        '%ff',
        '\ud800',
        'https://',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          pieces.map((parts) => parts.join('')),
        ),
        (text) => {
          failure(text);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
