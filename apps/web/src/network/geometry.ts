/*
 * The ring of all ids as this tab draws it: its own place on top, the others clockwise in the order of their ids. A
 * `turn` is a part of a whole one, 0 to 1, clockwise from the top.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A part of the ring that holds all ids with the same number of leading bits in common with ours. */
export interface Section {
  readonly bits: number;
  readonly from: number;
  /** Part of the whole ring. */
  readonly length: number;
}

/** The place of an id among all, from its first 32 bits: finer than any screen. */
function placeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
}

/** Where an id stands on the ring of the tab `self`. */
export function turnOf(self: string, id: string): number {
  const turn = placeOf(id) - placeOf(self);
  return turn < 0 ? turn + 1 : turn;
}

export function pointAt(turn: number, radius: number): Point {
  const angle = 2 * Math.PI * turn;
  return { x: round(radius * Math.sin(angle)), y: round(-radius * Math.cos(angle)) };
}

/** The sections farther than the one that shares `count` bits, farthest first: a half, a quarter, an eighth, ... */
export function sectionsOf(self: string, count: number): Section[] {
  const own = placeOf(self);
  return Array.from({ length: count }, (_, bits) => {
    const length = 2 ** -(bits + 1);
    // Of the two parts that ours is cut into, the one that we are not in.
    const half = Math.floor(own / length);
    const other = half % 2 === 0 ? half + 1 : half - 1;
    const from = other * length - own;
    return { bits, from: from < 0 ? from + 1 : from, length };
  });
}

/** An arc along the ring as an SVG path. `from` may be negative; `length` is below 1. */
export function arcPath(from: number, length: number, radius: number): string {
  const start = pointAt(from, radius);
  const end = pointAt(from + length, radius);
  return `M${start.x} ${start.y}A${radius} ${radius} 0 ${length > 0.5 ? 1 : 0} 1 ${end.x} ${end.y}`;
}

/** A line between two points, bent towards the middle of the ring as an SVG path, so that near ones stand apart. */
export function bentPath(from: Point, to: Point): string {
  const middle = { x: round(0.22 * (from.x + to.x)), y: round(0.22 * (from.y + to.y)) };
  return `M${from.x} ${from.y}Q${middle.x} ${middle.y} ${to.x} ${to.y}`;
}

/** Turns at least `gap` apart in the order given by `turns`, each as near to its own as that allows. */
export function spread(turns: readonly number[], gap: number): number[] {
  if (turns.length * gap >= 1) return [...turns];
  const order = turns.map((_, index) => index).toSorted((a, b) => (turns[a] ?? 0) - (turns[b] ?? 0));
  const placed = order.map((index) => turns[index] ?? 0);
  // Neighbours that are too close push each other away, half the missing way each, until nobody is pushed.
  for (let round = 0; round < MAX_SPREAD_ROUNDS; round += 1) {
    let moved = false;
    for (let at = 0; at < placed.length; at += 1) {
      const next = (at + 1) % placed.length;
      const distance = (placed[next] ?? 0) - (placed[at] ?? 0) + (next === 0 ? 1 : 0);
      const missing = gap - distance;
      if (missing <= SPREAD_PRECISION || placed.length === 1) continue;
      placed[at] = (placed[at] ?? 0) - missing / 2;
      placed[next] = (placed[next] ?? 0) + missing / 2;
      moved = true;
    }
    if (!moved) break;
  }
  const out: number[] = [];
  for (const [at, index] of order.entries()) out[index] = placed[at] ?? 0;
  return out;
}

const MAX_SPREAD_ROUNDS = 200;
const SPREAD_PRECISION = 1e-4;

/** To what an SVG needs: the same place is the same text in every redraw. */
function round(value: number): number {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? 0 : rounded;
}
