import type { Row } from './measure.ts';

const COLUMNS =
  'scenario|nodes|lookups|found|bar|hops|messages|ms|links|dials/min|by lookups|load|KiB/min'.split('|');

export const HEADING = `| ${COLUMNS.join(' | ')} |\n|${'---|'.repeat(COLUMNS.length)}`;

/** `bar`: the least share of lookups that must succeed, where there is one. */
export function tableLine(row: Row, bar?: number): string {
  const cells = [
    row.scenario,
    row.nodes,
    row.lookups,
    `${(100 * row.success).toFixed(2)} %`,
    bar !== undefined && row.counts ? `${100 * bar} %` : '',
    spread(row.hops),
    spread(row.messages),
    spread(row.ms),
    `${row.links.mean.toFixed(1)}, at most ${row.links.most}`,
    row.dialsPerMinute.toFixed(2),
    row.dialsOfLookups,
    row.load.toFixed(1),
    row.kibPerMinute.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** For a network that has no links: what cannot be said of it stays empty. */
export function linklessLine(row: Row): string {
  const cells = tableLine(row).split('|');
  const empty = new Set(['hops', 'links', 'dials/min', 'by lookups']);
  // A line begins with a bar, so its first cell is the second piece.
  return cells.map((cell, at) => (empty.has(COLUMNS[at - 1] ?? '') ? '  ' : cell)).join('|');
}

function spread({ median, p95 }: { median: number; p95: number }): string {
  return `${median} / ${p95}`;
}
