import { describe, expect, it } from 'vitest';
import { routeOf } from '../src/route.ts';

interface Entry {
  readonly id: string;
  readonly [field: string]: unknown;
}

const PAIR = { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' };
const OTHER = { id: 'O', type: 'candidate-pair', localCandidateId: 'L2', remoteCandidateId: 'R' };
const ends = (local: string, remote: string): Entry[] => [
  { id: 'L', type: 'local-candidate', candidateType: local },
  { id: 'L2', type: 'local-candidate', candidateType: 'relay' },
  { id: 'R', type: 'remote-candidate', candidateType: remote },
];
const report = (...entries: Entry[]): RTCStatsReport => new Map(entries.map((entry) => [entry.id, entry]));
const TRANSPORT = { id: 'T', type: 'transport', selectedCandidatePairId: 'P' };

describe('the route of a connection', () => {
  it.each([
    ['host', 'host', 'direct'],
    ['srflx', 'prflx', 'direct'],
    ['relay', 'host', 'relayed'],
    ['host', 'relay', 'relayed'],
  ])('[NT19] from %s to %s is %s', (local, remote, route) => {
    expect(routeOf(report(OTHER, PAIR, TRANSPORT, ...ends(local, remote)))).toBe(route);
  });

  it('[NT19] is that of the pair which a browser marks as selected', () => {
    expect(routeOf(report(OTHER, { ...PAIR, selected: true }, ...ends('host', 'host')))).toBe('direct');
    expect(routeOf(report({ ...OTHER, selected: true }, PAIR, ...ends('host', 'host')))).toBe('relayed');
  });

  it('[NT19] is not known where nothing is selected', () => {
    expect(routeOf(report(OTHER, PAIR, ...ends('host', 'host')))).toBeUndefined();
    expect(routeOf(report(PAIR, TRANSPORT))).toBeUndefined();
    expect(routeOf(report())).toBeUndefined();
  });
});
