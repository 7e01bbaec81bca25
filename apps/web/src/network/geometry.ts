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

/** A line between two points of the ring as an SVG path: the farther it goes, the more it is bent to the middle. */
export function bentPath(from: Point, to: Point, radius: number): string {
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  // At a half it would be straight.
  const pull = 0.5 - 0.28 * Math.min(1, distance / radius);
  const middle = { x: round(pull * (from.x + to.x)), y: round(pull * (from.y + to.y)) };
  return `M${from.x} ${from.y}Q${middle.x} ${middle.y} ${to.x} ${to.y}`;
}

/**
 * Turns at least `gap` apart in the order given by `turns`, none within `margin` of the top, each as near to its own as
 * that allows. Where there is no room for all they stay as they are.
 */
export function spread(
  turns: readonly number[],
  { gap, margin }: { readonly gap: number; readonly margin: number },
): number[] {
  if ((turns.length - 1) * gap > 1 - 2 * margin) return [...turns];
  const order = turns.map((_, index) => index).toSorted((a, b) => (turns[a] ?? 0) - (turns[b] ?? 0));
  const last = order.length - 1;
  const placed = order.map((index) => turns[index] ?? 0);
  // The first ones stay off the top, and off those that are kept there; the same for the last ones.
  const clamp = (at: number): number =>
    Math.min(1 - margin - (last - at) * gap, Math.max(margin + at * gap, placed[at] ?? 0));
  for (let round = 0; round < SPREAD_ROUNDS; round += 1) {
    for (let at = 0; at <= last; at += 1) placed[at] = clamp(at);
    // Neighbours that are too close push each other away, half of the missing way each.
    for (let at = 0; at < last; at += 1) {
      const missing = gap - ((placed[at + 1] ?? 0) - (placed[at] ?? 0));
      if (missing <= 0) continue;
      placed[at] = (placed[at] ?? 0) - missing / 2;
      placed[at + 1] = (placed[at + 1] ?? 0) + missing / 2;
    }
  }
  const out: number[] = [];
  for (const [at, index] of order.entries()) out[index] = clamp(at);
  return out;
}

/** Enough that what two dozen leave undone is less than one sees. */
const SPREAD_ROUNDS = 60;

/** To what an SVG needs: the same place is the same text in every redraw. */
function round(value: number): number {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? 0 : rounded;
}
