import { createLog, type LogEntry } from '@tabswarm/base';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../src/configuration.ts';

const BASE = 'https://tabs.example/swarm/index.html?x=1';
const DESKTOP = { target: 40, max: 64, smallNetwork: 64 };

async function read(answer: () => Promise<Response>, { isMobile = false, base = BASE } = {}) {
  const entries: LogEntry[] = [];
  const asked: string[] = [];
  const configuration = await readConfiguration(
    createLog((entry) => entries.push(entry)),
    {
      base,
      isMobile,
      fetch(url) {
        asked.push(url.href);
        return answer();
      },
    },
  );
  return { configuration, asked, warnings: entries.length };
}

const json = (value: unknown) => () => Promise.resolve(new Response(JSON.stringify(value)));

describe('the configuration of the page', () => {
  it('[SG16] is asked for next to the page, and its paths are taken from there', async () => {
    const signaling = ['signal', '../other', '/root', 'wss://example.org/signal', 'ws://example.org/signal'];
    const links = { target: 4, max: 6, smallNetwork: 2 };
    const { configuration, asked, warnings } = await read(json({ signaling, links }), { isMobile: true });
    expect(asked).toEqual(['https://tabs.example/swarm/config.json']);
    expect(configuration).toEqual({
      signalingUrls: [
        'wss://tabs.example/swarm/signal',
        'wss://tabs.example/other',
        'wss://tabs.example/root',
        'wss://example.org/signal',
        'ws://example.org/signal',
      ],
      links,
    });
    expect(warnings).toBe(0);
  });

  it('has link counts for each kind of device where the operator has set none', async () => {
    const desktop = await read(json({ signaling: [] }));
    expect(desktop.configuration).toEqual({ signalingUrls: [], links: DESKTOP });
    const mobile = await read(json({ signaling: [] }), { isMobile: true });
    expect(mobile.configuration.links).toEqual({ target: 16, max: 24, smallNetwork: 24 });
  });

  it.each([
    ['is not there', () => Promise.resolve(new Response('nothing', { status: 404 }))],
    ['is a page', () => Promise.resolve(new Response('<!doctype html>'))],
    ['has another form', json({ signaling: 'signal' })],
    ['cannot be had', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('[SG16] that %s makes way for the defaults', async (_, answer) => {
    const { configuration, warnings } = await read(answer, { base: 'http://localhost:8080/' });
    expect(configuration).toEqual({ signalingUrls: ['ws://localhost:8080/signal'], links: DESKTOP });
    expect(warnings).toBe(1);
  });
});
