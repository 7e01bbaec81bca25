import { MIB, type Measurement } from './subject.ts';

const GIB = 1024 * MIB;

export interface Row {
  readonly name: string;
  readonly runs: readonly Measurement[];
}

/** A markdown table: medians of the runs, each as a ratio to the median of the row called `baseline`. */
export function table(rows: readonly Row[], bytes: number, baseline: string): string {
  const rate = ({ seconds }: Measurement): number => bytes / MIB / seconds;
  const base = rows.find(({ name }) => name === baseline);
  const baseRate = base && base.runs.length > 0 ? median(base.runs.map(rate)) : undefined;
  const lines = rows.map(({ name, runs }) => {
    if (runs.length === 0) return `| ${name} | failed | | | |`;
    const rates = runs.map(rate);
    const ratio = baseRate === undefined ? '' : (median(rates) / baseRate).toFixed(2);
    const cpu = median(runs.map(({ cpuSeconds }) => cpuSeconds)) * (GIB / bytes);
    const spread = `${Math.min(...rates).toFixed(1)} to ${Math.max(...rates).toFixed(1)}`;
    return `| ${name} | ${median(rates).toFixed(1)} | ${spread} | ${ratio} | ${cpu.toFixed(1)} |`;
  });
  return [
    `| ${bytes / MIB} MiB, tab to tab | MiB/s, median | range | x raw | CPU s per GiB |`,
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** A markdown table of where the CPU time goes, in seconds per GiB, and how often a page was held up. */
export function costTable(rows: readonly Row[], bytes: number): string {
  const kinds = [
    ...new Set(rows.flatMap(({ runs }) => runs.flatMap(({ cpuByKind }) => [...cpuByKind.keys()]))),
  ];
  const lines = rows
    .filter(({ runs }) => runs.length > 0)
    .map(({ name, runs }) => {
      const costs = kinds.map((kind) =>
        (median(runs.map(({ cpuByKind }) => cpuByKind.get(kind) ?? 0)) * (GIB / bytes)).toFixed(1),
      );
      const held = median(runs.map(({ longTasks, seconds }) => (longTasks * 10) / seconds)).toFixed(2);
      return `| ${[name, ...costs, held].join(' | ')} |`;
    });
  return [
    `| CPU s per GiB | ${kinds.join(' | ')} | tasks over 50 ms in 10 s, both pages |`,
    `|---|${'---|'.repeat(kinds.length + 1)}`,
    ...lines,
  ].join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The value below which that share of all lie, 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
