import { describe, expect, it } from 'vitest';
import { previewOf } from '../../src/preview/kinds.ts';
import { isSafeType } from '../../src/service-worker/safe-types.ts';

const of = (name: string, type?: string) => previewOf({ path: ['folder.pdf', name], type });

describe('how a file is shown', () => {
  it.each([
    ['film.MP4', 'video', 'video/mp4'],
    ['Summer.2024.webm', 'video', 'video/webm'],
    ['song.flac', 'audio', 'audio/flac'],
    ['photo.JPeg', 'image', 'image/jpeg'],
    ['paper.pdf', 'pdf', 'application/pdf'],
    ['README.md', 'text', 'text/plain'],
  ])('[PV5] %s as %s', (name, kind, type) => {
    expect(of(name)).toEqual({ kind, type });
    // The ending counts, whatever a stranger's browser said.
    expect(of(name, 'text/html')).toEqual({ kind, type });
  });

  it.each(['page.html', 'page.xhtml', 'drawing.svg', 'feed.xml', 'script.js'])(
    '[PV5] %s as the text that it is',
    (name) => {
      for (const type of [undefined, 'text/html', 'image/svg+xml', 'image/png']) {
        expect(of(name, type)).toEqual({ kind: 'text', type: 'text/plain' });
      }
    },
  );

  it.each([
    'setup.exe',
    'archive.zip',
    'page.mhtml',
    'none',
    '.png.',
    '__proto__',
    'x.constructor',
    'x.toString',
  ])('[PV5] %s not at all', (name) => {
    for (const type of [undefined, '', 'text/html', 'image/svg+xml', 'application/javascript']) {
      expect(of(name, type)).toBeUndefined();
    }
  });

  it('[PV5] where the name says nothing, by a type that is a safe one', () => {
    expect(of('film', 'video/x-whatever')).toEqual({ kind: 'video', type: 'video/x-whatever' });
    expect(of('notes', 'text/plain')).toEqual({ kind: 'text', type: 'text/plain' });
    expect(isSafeType('video/mp4\r\nX: y')).toBe(false);
  });
});
