import type { LookupTrace, PeerView } from '@tabswarm/node';
import { plural } from '../format.ts';
import { arcPath, bentPath, pointAt, sectionsOf, spread, turnOf } from '../network/geometry.ts';
import { flow, patience } from '../network/link-looks.ts';
import { isMarked, type Mark } from '../network/mark.ts';
import { nearness, SECTIONS, sharedBitsText, shortId } from '../network/nearness.ts';
import { LookupGoal, LookupWays } from './lookup-ways.tsx';

/** The drawing's own units: half of its width, and the radius of the ring in it. */
const HALF = 200;
const RADIUS = 150;
const LABEL_RADIUS = RADIUS + 25;
/** Sections are parted by a gap, so that one sees where the next begins. */
const SECTION_GAP = 0.004;
/** Labels keep so much of the ring between them; with more tabs than that allows the list names them. */
const LABEL_GAP = 0.036;
/** To either side of the top, where this tab's own label is. */
const LABEL_MARGIN = 0.05;
const LABEL_DIGITS = 4;
const MAX_LABELS = 24;

export interface RingProps {
  readonly self: string;
  readonly peers: readonly PeerView[];
  readonly lookup: LookupTrace | undefined;
  /** Rises whenever the lookup is to be shown from its beginning. */
  readonly play: number;
  readonly marked: Mark | undefined;
}

/** The network as this tab sees it: its own place on top, the linked tabs where their ids stand, a lookup across. */
export function Ring({ self, peers, lookup, play, marked }: RingProps) {
  const top = pointAt(0, RADIUS);
  const sections = sectionsOf(self, SECTIONS);
  const nearest = sections.at(-1);
  const drawn = new Set<string>([self, ...peers.map(({ id }) => id)]);
  const turns = peers.map(({ id }) => turnOf(self, id));
  const labels = peers.length <= MAX_LABELS ? spread(turns, { gap: LABEL_GAP, margin: LABEL_MARGIN }) : [];
  return (
    <svg
      className="ring"
      viewBox={`${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`}
      role="img"
      aria-label={ringText(peers.length)}
    >
      <g className="ring-sections">
        {sections.map(({ bits, from, length }) => (
          <path
            key={bits}
            d={arcPath(from + SECTION_GAP / 2, Math.max(length - SECTION_GAP, SECTION_GAP / 4), RADIUS)}
            data-linked={peers.some(({ bucket }) => bucket === bits)}
            data-marked={isMarked(marked, { bits })}
          >
            <title>{nearness(bits)}</title>
          </path>
        ))}
        {nearest && <path d={arcPath(-nearest.length / 2, nearest.length, RADIUS)} data-linked="true" />}
      </g>
      <g className="ring-links">
        {peers.map((peer, index) => (
          <path
            key={peer.id}
            d={bentPath(top, pointAt(turns[index] ?? 0, RADIUS), RADIUS)}
            data-patience={patience(peer.rttMs)}
            data-flow={flow(peer)}
            data-marked={isMarked(marked, { id: peer.id, bits: peer.bucket })}
          />
        ))}
      </g>
      {lookup && (
        <LookupWays key={`${lookup.id} ${play}`} self={self} lookup={lookup} radius={RADIUS} drawn={drawn} />
      )}
      <g className="ring-tabs">
        <circle className="ring-self" cx={top.x} cy={top.y} r="10" />
        {peers.map((peer, index) => {
          const { id, bucket } = peer;
          const { x, y } = pointAt(turns[index] ?? 0, RADIUS);
          return (
            <circle
              key={id}
              cx={x}
              cy={y}
              r={peers.length > MAX_LABELS ? 5 : 6.5}
              data-marked={isMarked(marked, { id, bits: bucket })}
            >
              <title>{tabTitle(peer)}</title>
            </circle>
          );
        })}
      </g>
      {lookup && <LookupGoal at={pointAt(turnOf(self, lookup.key), RADIUS)} />}
      <g className="ring-labels">
        <text className="ring-you" x="0" y={-LABEL_RADIUS} dy="0" textAnchor="middle">
          You
        </text>
        {labels.map((turn, index) => {
          const peer = peers[index];
          if (!peer) return undefined;
          const { id, bucket } = peer;
          const place = pointAt(turn, LABEL_RADIUS);
          const from = pointAt(turns[index] ?? 0, RADIUS + 9);
          const to = pointAt(turn, LABEL_RADIUS - 9);
          return (
            <g key={id} data-marked={isMarked(marked, { id, bits: bucket })}>
              <path d={`M${from.x} ${from.y}L${to.x} ${to.y}`} />
              <text x={place.x} y={place.y} dy="0.35em" textAnchor={anchorAt(turn)}>
                {id.slice(0, LABEL_DIGITS)}
              </text>
            </g>
          );
        })}
      </g>
    </svg>
  );
}

function ringText(links: number): string {
  if (links === 0) return 'A ring with only your tab on it.';
  return `A ring with your tab on top, linked to ${plural(links, 'other')} around it. The list below names them.`;
}

function tabTitle({ id, bucket }: PeerView): string {
  return bucket === undefined ? shortId(id) : `${shortId(id)}: ${sharedBitsText(bucket)}`;
}

/** Text beside the ring grows away from it. */
function anchorAt(turn: number): 'start' | 'middle' | 'end' {
  const around = ((turn % 1) + 1) % 1;
  if (Math.abs(around - 0.5) < 0.06 || around < 0.06 || around > 0.94) return 'middle';
  return around < 0.5 ? 'start' : 'end';
}
