import type { Route } from '@tabswarm/net';

/**
 * How the packets of a connection travel now, by the candidate pair that ICE has selected (W3C, "Identifiers for WebRTC's
 * Statistics API", RTCIceCandidatePairStats). Undefined where the browser does not say.
 */
export function routeOf(report: RTCStatsReport): Route | undefined {
  const entries = new Map<string, StatsEntry>();
  report.forEach((entry: StatsEntry) => entries.set(entry.id, entry));
  const transport = [...entries.values()].find(({ type }) => type === 'transport');
  const pair =
    entries.get(transport?.selectedCandidatePairId ?? '') ??
    // Firefox marks the pair itself.
    [...entries.values()].find(({ type, selected }) => type === 'candidate-pair' && selected === true);
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => entries.get(id ?? ''));
  if (ends.includes(undefined)) return undefined;
  return ends.some((end) => end?.candidateType === 'relay') ? 'relayed' : 'direct';
}

/** Of the entries of a report, what is looked at here. */
interface StatsEntry {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  readonly selected?: boolean;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
}
