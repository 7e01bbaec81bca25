import { LINE_MEANINGS } from '../network/link-looks.ts';

/** What the lines of the ring mean. */
export function RingLegend({ lookup }: { readonly lookup: boolean }) {
  return (
    <figcaption>
      <ul className="legend">
        {LINE_MEANINGS.map(({ patience, text }) => (
          <li key={patience}>
            <svg className="legend-line" viewBox="0 0 28 8" aria-hidden="true">
              <path className="ring-line" d="M1 4H27" data-patience={patience} data-flow="quiet" />
            </svg>
            {text}
          </li>
        ))}
        <li>
          <svg className="legend-line" viewBox="0 0 28 8" aria-hidden="true">
            <path className="ring-line" d="M1 4H27" data-patience="quick" data-flow="busy" />
          </svg>
          much is flowing
        </li>
        <li>
          <span className="legend-part" aria-hidden="true" />
          part with a link
        </li>
        {lookup && (
          <li>
            <svg className="legend-line" viewBox="0 0 28 8" aria-hidden="true">
              <path className="lookup-line" d="M1 4H27" />
            </svg>
            the lookup
          </li>
        )}
        {lookup && (
          <li>
            <span className="goal-mark" aria-hidden="true" />
            what it looks for
          </li>
        )}
      </ul>
    </figcaption>
  );
}
