import type { LookupTrace, NodeSnapshot, PeerView } from '@tabswarm/node';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { shortId } from '../../src/network/nearness.ts';
import { NetworkView } from '../../src/components/network-view.tsx';

type Id = PeerView['id'];

const SELF = idOf(0);
const NODE = { exploreNetwork: () => Promise.reject(new Error('drawing asks nobody')) };

/** Ids that are all over the ring, each another. */
function idOf(index: number): Id {
  return ((index * 0x9e3779b1) % 2 ** 32).toString(16).padStart(8, '0').repeat(8) as Id;
}

function peer(index: number, change: Partial<PeerView> = {}): PeerView {
  const traffic = { bytesSent: 0, bytesReceived: 0, downRate: 0, upRate: 0 };
  const id = idOf(index);
  const bucket = 256 - (BigInt(`0x${SELF}`) ^ BigInt(`0x${id}`)).toString(2).length;
  return { id, bucket, since: 1_700_000_000_000, rttMs: 20, ...traffic, ...change };
}

function draw(peers: readonly PeerView[], network: Partial<NodeSnapshot['network']> = {}): string {
  const snapshot = { nodeId: SELF, peers, network: { contacts: 0, lookups: [], ...network }, records: 3 };
  return renderToStaticMarkup(<NetworkView node={NODE} snapshot={snapshot} />);
}

function lookup(change: Partial<LookupTrace> = {}): LookupTrace {
  const outcome = { endedAt: 1_050, nearest: [], records: 0, keepers: 0 };
  return { id: 1, purpose: 'find-nodes', key: idOf(9), startedAt: 1_000, paths: [], ...outcome, ...change };
}

const count = (html: string, part: string): number => html.split(part).length - 1;
const rowsOf = (html: string): string[] =>
  [...html.matchAll(/data-node="(\w{8})/g)].map(([, id]) => id ?? '');
const textOf = (html: string): string => html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

/** React says there what it would rather not have drawn. */
let complaints: MockInstance<typeof globalThis.console.error>;

beforeEach(() => {
  complaints = vi.spyOn(globalThis.console, 'error');
});

afterEach(() => expect(complaints).not.toHaveBeenCalled());

describe('the Network view', () => {
  it('draws each of many links, and names them in the list', () => {
    const peers = Array.from({ length: 64 }, (_, index) => peer(index + 1));
    const html = draw(peers, { contacts: 200 });
    expect(count(html, 'data-testid="network-link"')).toBe(64);
    expect(count(html, '<circle')).toBe(65);
    expect(textOf(html)).toContain('linked to 64 of the 264 tabs');
    // So many labels would stand on one another: only its own is left.
    expect(count(html, '<text')).toBe(1);
    expect(textOf(html).match(/The other half \d+/)?.[0]).toBe(
      `The other half ${peers.filter(({ bucket }) => bucket === 0).length}`,
    );
  });

  it('tells quick links from slow ones, and busy ones from quiet ones, without colours', () => {
    const html = draw([
      peer(1),
      peer(2, { rttMs: 120 }),
      peer(3, { rttMs: 800, downRate: 3_000_000 }),
      peer(4, { rttMs: undefined }),
    ]);
    const [, links = ''] = html.split('class="ring-links"');
    expect(links).toMatch(/data-patience="quick" data-flow="quiet"/);
    expect(links).toMatch(/data-patience="fair" data-flow="quiet"/);
    expect(links).toMatch(/data-patience="slow" data-flow="busy"/);
    expect(links).toMatch(/data-patience="unknown"/);
    expect(textOf(html)).toMatch(/800 ms 3\.00 MB\/s quiet/);
    expect(textOf(html)).toContain('measuring');
  });

  it('lists the nearest first, and keeps that order', () => {
    const peers = Array.from({ length: 12 }, (_, index) => peer(index + 1));
    const rows = rowsOf(draw(peers));
    expect(rowsOf(draw(peers.toReversed()))).toEqual(rows);
    const bucketOf = (id: string): number => peers.find((one) => one.id.startsWith(id))?.bucket ?? -1;
    const buckets = rows.map((id) => bucketOf(id));
    expect(buckets).toEqual(buckets.toSorted((a, b) => b - a));
  });

  it('shows a lookup hop by hop: ways, those without names, and questions that came to nothing', () => {
    const [a, b, c] = [idOf(1), idOf(2), idOf(3)];
    const html = draw([peer(1), peer(2)], {
      lookups: [
        lookup({
          nearest: [c, a],
          paths: [
            { asked: a, named: false, outcome: 'answered', nodes: [a, c], hops: 2 },
            { asked: c, named: false, outcome: 'answered', nodes: [b, c], hops: 4 },
            { asked: b, named: false, outcome: 'failed', nodes: [], hops: 0 },
          ],
        }),
      ],
    });
    expect(html).toContain('data-hops="4"');
    expect(count(html, 'class="lookup-hop"')).toBe(5);
    expect(count(html, 'class="lookup-cross"')).toBe(1);
    expect(count(html, 'class="lookup-nearest"')).toBe(2);
    const text = textOf(html).replaceAll(' → , on to ', ' > ');
    expect(text).toContain(`You > ${shortId(a)} > ${shortId(c)} answered`);
    expect(text).toContain(`You > ${shortId(b)} > … > ${shortId(c)} answered`);
    expect(text).toContain(`You > ${shortId(b)} no answer`);
    // The tabs on the way are drawn although they are not linked.
    expect(count(html, 'class="lookup-stop"')).toBe(1);
  });

  it('counts the questions for which the list has no room', () => {
    const paths = Array.from({ length: 20 }, (_, index) => {
      const asked = idOf(index + 1);
      return { asked, named: false, outcome: 'answered', nodes: [asked], hops: 1 } as const;
    });
    const html = draw([peer(1)], { lookups: [lookup({ paths })] });
    expect(count(html, 'data-outcome="answered" style')).toBe(7);
    expect(textOf(html)).toContain('and 13 more questions');
  });

  it('says to whoever is alone why, and draws no lookup to tabs that have gone', () => {
    const paths = [{ asked: idOf(1), named: false, outcome: 'failed', nodes: [], hops: 0 }] as const;
    const problem = { code: 'no-network', message: 'Nobody is there.', advice: 'Wait.' } as const;
    const html = draw([], { problem, lookups: [lookup({ paths })] });
    expect(textOf(html)).toContain('Nobody is there. Wait.');
    expect(html).not.toContain('network-lookup');
    expect(html).not.toContain('network-link');
    expect(html).toMatch(/<button[^>]*disabled=""[^>]*>Try a lookup/);
  });
});
