import type { LookupPath, LookupPurpose, LookupTrace } from '@tabswarm/node';
import { plural } from '../format.ts';

const PURPOSES: Readonly<Record<LookupPurpose, { running: string; ended: string }>> = {
  'find-holders': {
    running: 'Your tab is looking for tabs that have a file.',
    ended: 'Your tab looked for tabs that have a file.',
  },
  'find-records': {
    running: 'Your tab is looking for a note.',
    ended: 'Your tab looked for a note.',
  },
  'find-nodes': {
    running: 'Your tab is looking for the tabs nearest to a random place.',
    ended: 'Your tab looked for the tabs nearest to a random place.',
  },
  store: {
    running: 'Your tab is leaving a note that it has a file.',
    ended: 'Your tab left a note that it has a file.',
  },
  maintain: {
    running: 'Routine: your tab is looking around for neighbours.',
    ended: 'Routine: your tab looked around for neighbours.',
  },
};

export function purposeText({ purpose, endedAt }: LookupTrace): string {
  return PURPOSES[purpose][endedAt === undefined ? 'running' : 'ended'];
}

/** What came of it: for a person, in a sentence or two. */
export function outcomeText(lookup: LookupTrace): string {
  const { paths, startedAt, endedAt } = lookup;
  const answered = paths.filter(({ outcome }) => outcome === 'answered').length;
  if (endedAt !== undefined && paths.length === 0) return 'No question was needed.';
  if (endedAt === undefined) return `${answered} of ${plural(paths.length, 'question')} answered so far.`;
  const silent = paths.length - answered;
  const questions = `${plural(paths.length, 'question')} in ${formatMilliseconds(endedAt - startedAt)}`;
  const answers = silent === 0 ? 'all answered' : `${silent} unanswered`;
  return [`${questions}, ${answers}${hopsText(lookup)}.`, foundText(lookup)].join(' ').trim();
}

/** The most hops that an answer took. */
export function longestWay({ paths }: LookupTrace): number {
  return paths.reduce((most, { hops }) => Math.max(most, hops), 0);
}

/** The nodes of one way as far as they are known, first hop first; the one that was asked where nobody answered. */
export function wayOf({ outcome, nodes, asked }: LookupPath): readonly string[] {
  return outcome === 'answered' ? nodes : [asked];
}

/** The lookup that is worth showing: the latest that somebody wanted, else the latest of the tab's own routine. */
export function lookupToShow(lookups: readonly LookupTrace[]): LookupTrace | undefined {
  return lookups.findLast(({ purpose }) => purpose !== 'maintain') ?? lookups.at(-1);
}

export function formatMilliseconds(ms: number): string {
  if (ms < 0.5) return 'under 1 ms';
  return ms < 9_950 ? (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`) : 'over 10 s';
}

function hopsText(lookup: LookupTrace): string {
  const hops = longestWay(lookup);
  if (hops === 0) return '';
  return hops === 1 ? ', one hop each' : `, up to ${hops} hops`;
}

function foundText({ purpose, records, keepers }: LookupTrace): string {
  switch (purpose) {
    case 'find-holders':
      return records === 0 ? 'Found no note of it.' : `Found ${plural(records, 'note')} of it.`;
    case 'find-records':
      return `Found ${plural(records, 'note')}.`;
    case 'store':
      return keepers === 0 ? '' : `Kept by ${plural(keepers, 'tab')}.`;
    default:
      return '';
  }
}

/** Tells the ways of one lookup apart: a node that could not be reached is asked twice. */
export function wayKey(paths: readonly LookupPath[], path: LookupPath): string {
  return `${path.asked} ${paths.indexOf(path)}`;
}
