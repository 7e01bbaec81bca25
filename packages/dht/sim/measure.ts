import type { Clock } from '@tabswarm/base';
import type { Meter } from './tap.ts';
import type { Sample } from './workload.ts';

/** What a scenario came to, as one row of the table. */
export interface Row {
  readonly scenario: string;
  readonly nodes: number;
  readonly lookups: number;
  /** Whether the scenario's bar is for these lookups, or they are shown for comparison. */
  readonly counts: boolean;
  /** Share of lookups that found what is there. */
  readonly success: number;
  readonly hops: { readonly median: number; readonly p95: number };
  readonly messages: { readonly median: number; readonly p95: number };
  readonly ms: { readonly median: number; readonly p95: number };
  readonly links: { readonly mean: number; readonly most: number };
  /** Connections that a lookup led to, in all of the network and since its beginning. */
  readonly dialsOfLookups: number;
  /** Of one node, on average. */
  readonly dialsPerMinute: number;
  readonly kibPerMinute: number;
  /** Messages of the busiest node over the mean. */
  readonly load: number;
}

/** Whose members are measured. */
export interface Measured {
  readonly clock: Clock;
  members(): readonly MeasuredMember[];
  honest(): readonly MeasuredMember[];
  /** At any tick, of any member. */
  mostLinks(): number;
  dialsOfLookups(): number;
}

interface MeasuredMember {
  readonly meter: Meter;
  links(): number;
}

/** Measures what nodes do from now on; the function returned gives the row. */
export function startMeasuring(
  population: Measured,
): (scenario: string, samples: readonly Sample[], counts?: boolean) => Row {
  const { clock } = population;
  const start = clock.now();
  const before = new Map(population.members().map((member) => [member, { ...member.meter }]));

  return (scenario, samples, counts = true) => {
    const minutes = Math.max(1, clock.now() - start) / 60_000;
    const spent: Pick<Meter, 'messages' | 'bytes' | 'dials'>[] = [];
    for (const member of population.honest()) {
      const was = before.get(member);
      // Those that came later have mostly spent on joining, which counts, but over a shorter time.
      if (!was) continue;
      const { messages, bytes, dials } = member.meter;
      spent.push({
        messages: messages - was.messages,
        bytes: bytes - was.bytes,
        dials: dials - was.dials,
      });
    }
    const messages = spent.map((meter) => meter.messages);
    const links = population.members().map((member) => member.links());
    return {
      scenario,
      nodes: population.members().length,
      lookups: samples.length,
      counts,
      success: samples.filter(({ found }) => found).length / samples.length,
      hops: spread(samples.map(({ hops }) => hops)),
      messages: spread(samples.map((sample) => sample.messages)),
      ms: spread(samples.map(({ ms }) => ms)),
      links: {
        mean: mean(links),
        most: population.mostLinks(),
      },
      dialsOfLookups: population.dialsOfLookups(),
      dialsPerMinute: mean(spent.map(({ dials }) => dials)) / minutes,
      kibPerMinute: mean(spent.map(({ bytes }) => bytes)) / 1_024 / minutes,
      load: Math.max(...messages) / mean(messages),
    };
  };
}

function spread(values: readonly number[]): { median: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p95: at(0.95) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
