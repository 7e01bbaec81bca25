import type { CSSProperties } from 'react';

/* A lookup takes a blink. It is shown at a pace that one can follow; the styles say what moves. */
const MS_PER_QUESTION = 260;
const MS_PER_HOP = 380;
/** A lookup of many questions is shown to its end before one looks away. */
const MAX_QUESTIONS_IN_TURN = 14;

/** When one hop of one question is shown, counted from the beginning of the lookup. */
export function hopStyle(question: number, hop: number): CSSProperties {
  const delay = MS_PER_QUESTION * Math.min(question, MAX_QUESTIONS_IN_TURN) + MS_PER_HOP * hop;
  return { animationDelay: `${Math.round(delay)}ms` };
}
