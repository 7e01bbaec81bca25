import type { Renamed } from '@tabswarm/node';
import { plural } from '../format.ts';

/** A share may have thousands; these many are enough to see what it is about. */
const MAX_SHOWN = 200;

/** Files whose names were changed, and what became of them: `is` as in "is saved as". */
export function RenamedFiles({
  renamed,
  is,
  why,
}: {
  readonly renamed: readonly Renamed[];
  readonly is: string;
  readonly why: string;
}) {
  return (
    <details className="renamed" data-testid="renamed">
      <summary>
        {plural(renamed.length, 'file has another name', 'files have other names')}, {why}
      </summary>
      <ul>
        {renamed.slice(0, MAX_SHOWN).map(({ from, to }) => (
          <li key={to}>
            <bdi>{from}</bdi> {is} <bdi>{to}</bdi>
          </li>
        ))}
        {renamed.length > MAX_SHOWN && <li>and {renamed.length - MAX_SHOWN} more</li>}
      </ul>
    </details>
  );
}
