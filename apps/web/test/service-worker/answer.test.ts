import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerFor } from '../../src/service-worker/answer.ts';
import type { ResourceFacts } from '../../src/service-worker/messages.ts';
import { parseRange } from '../../src/service-worker/range.ts';

const FILM: ResourceFacts = {
  name: 'film.webm',
  type: 'video/webm',
  length: 1_000,
  seekable: true,
  use: 'preview',
};
const get = (facts: Partial<ResourceFacts> = {}, range: string | null = null, method = 'GET') =>
  answerFor({ ...FILM, ...facts }, { method, range });

describe('a range', () => {
  it.each([
    [null, undefined],
    ['bytes=0-', { start: 0, end: 100 }],
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=40-59', { start: 40, end: 60 }],
    ['bytes=90-999', { start: 90, end: 100 }],
    ['Bytes = 5 - 6', { start: 5, end: 7 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=-500', { start: 0, end: 100 }],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=9-5', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['items=0-5', undefined],
  ] as const)('[PV4] %s of 100 bytes is %o', (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });

  it('[PV4] lies within the file, whatever is asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'bytes=-,0123456789 '.split('')) }),
        fc.nat(),
        (text, n) => {
          const range = parseRange(`bytes=${text}`, n);
          if (typeof range !== 'object') return;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.start).toBeLessThan(range.end);
          expect(range.end).toBeLessThanOrEqual(n);
        },
      ),
    );
  });
});

describe('an answer', () => {
  it('[PV4] is all of it with its length, or the part that was asked for', () => {
    expect(get()).toMatchObject({
      status: 200,
      range: { start: 0, end: 1_000 },
      headers: { 'Content-Length': '1000', 'Accept-Ranges': 'bytes', 'Content-Type': 'video/webm' },
    });
    expect(get({}, 'bytes=100-199')).toMatchObject({
      status: 206,
      range: { start: 100, end: 200 },
      headers: { 'Content-Length': '100', 'Content-Range': 'bytes 100-199/1000' },
    });
    expect(get({}, 'bytes=1000-').range).toBeUndefined();
    expect(get({}, 'bytes=1000-')).toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */1000' },
    });
  });

  it('[PV4] has no body for HEAD and for an empty file, and no ranges where there can be none', () => {
    expect(get({}, 'bytes=1-', 'HEAD')).toMatchObject({
      status: 200,
      range: undefined,
      headers: { 'Content-Length': '1000' },
    });
    expect(get({ length: 0 })).toMatchObject({
      status: 200,
      range: undefined,
      headers: { 'Content-Length': '0' },
    });
    expect(get({ seekable: false }, 'bytes=5-9')).toMatchObject({
      status: 200,
      range: { start: 0, end: 1_000 },
      headers: { 'Accept-Ranges': 'none' },
    });
  });

  it.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'text/plain',
    '',
    'video/mp4; a="',
  ])('[PV5] shows nothing of the type %s, whoever says so', (type) => {
    const { headers } = get({ type });
    expect(headers).toMatchObject({
      'Content-Type': 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': expect.stringMatching(/^sandbox; default-src 'none'/),
    });
    expect(headers['Content-Disposition']).toMatch(/^attachment;/);
  });

  it('[PV5] takes all power from what it shows', () => {
    for (const type of ['video/mp4', 'audio/mpeg', 'image/png']) {
      expect(get({ type }).headers['Content-Security-Policy']).toMatch(/^sandbox;/);
      expect(get({ type }).headers['Content-Disposition']).toMatch(/^inline;/);
    }
    expect(get({ type: 'application/pdf' }).headers['Content-Security-Policy']).toMatch(
      /^default-src 'none'/,
    );
  });

  it('[PV6] saves under its name, in any script', () => {
    const { headers } = get({ name: '"naïve" *é%.webm', use: 'download' });
    expect(headers['Content-Type']).toBe('application/octet-stream');
    expect(headers['Content-Disposition']).toBe(
      `attachment; filename="_na_ve_ *__.webm"; filename*=UTF-8''%22na%C3%AFve%22%20%2A%C3%A9%25.webm`,
    );
    expect(get({ name: 'half \uD83E' }).headers['Content-Disposition']).toContain('%EF%BF%BD');
  });

  it('[PV6] has a header for any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const { headers } = get({ name, use: 'download' });
        expect(new Headers(headers).get('Content-Disposition')).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});
