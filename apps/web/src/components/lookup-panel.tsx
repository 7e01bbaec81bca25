import type { LookupTrace } from '@tabswarm/node';
import type { ReactNode } from 'react';
import { longestWay, outcomeText, purposeText, wayKey, wayOf } from '../network/lookup-text.ts';
import { shortId } from '../network/nearness.ts';
import { hopStyle } from '../network/playing.ts';
import { plural } from '../format.ts';

/** Questions that are listed; a few more are only counted, so that the panel keeps its size. */
const MAX_LISTED = 7;

export interface LookupPanelProps {
  readonly lookup: LookupTrace | undefined;
  readonly play: number;
  readonly linked: boolean;
  /** What came of the last one that was tried, for those who do not see the picture. */
  readonly said: string;
  readonly onTry: () => void;
  readonly onReplay: () => void;
}

/** The lookup that the ring shows, in words. */
export function LookupPanel({ lookup, play, linked, said, onTry, onReplay }: LookupPanelProps) {
  return (
    <section className="card lookup" aria-labelledby="lookup-heading">
      <h3 id="lookup-heading">A lookup, hop by hop</h3>
      <p className="hint">
        Whatever one looks for has its place on the ring, too:{' '}
        <span className="goal-mark" aria-hidden="true" />. Your tab asks the linked tabs that are nearest to
        it. Each passes the question on to one that is nearer still, until nobody is.
      </p>
      <div className="buttons">
        <button type="button" className="primary" disabled={!linked} data-testid="try-lookup" onClick={onTry}>
          Try a lookup
        </button>
        {lookup && (
          <button type="button" onClick={onReplay}>
            Show again
          </button>
        )}
      </div>
      {lookup ? (
        <div className="lookup-shown" data-testid="network-lookup" data-hops={longestWay(lookup)}>
          <p className="lookup-purpose">{purposeText(lookup)}</p>
          <p className="lookup-outcome">{outcomeText(lookup)}</p>
          <Ways key={`${lookup.id} ${play}`} lookup={lookup} />
        </div>
      ) : (
        <p className="lookup-none">
          {linked ? 'None yet. They come with shares and downloads.' : 'There is nobody to ask yet.'}
        </p>
      )}
      <output className="visually-hidden">{said}</output>
    </section>
  );
}

function Ways({ lookup }: { readonly lookup: LookupTrace }) {
  const { paths } = lookup;
  const listed = paths.slice(0, MAX_LISTED);
  return (
    <>
      <ol className="ways">
        {listed.map((path, index) => {
          const way = wayOf(path);
          const unnamed = path.outcome === 'answered' ? path.hops - way.length : 0;
          return (
            <li key={wayKey(paths, path)} data-outcome={path.outcome} style={hopStyle(index, 0)}>
              <span className="way">
                You
                {way.map((id, hop) => (
                  <span key={id} className="way-stop">
                    {hop > 0 && hop === way.length - 1 && unnamed > 0 && <Arrow to="…" />}
                    <Arrow to={<code>{shortId(id)}</code>} />
                  </span>
                ))}
              </span>
              <span className="way-end">{WAY_ENDS[path.outcome]}</span>
            </li>
          );
        })}
      </ol>
      <p className="hint ways-more">
        {paths.length > MAX_LISTED && `and ${plural(paths.length - MAX_LISTED, 'more question')}`}
      </p>
    </>
  );
}

const WAY_ENDS = { asked: 'waiting', answered: 'answered', failed: 'no answer' } as const;

function Arrow({ to }: { readonly to: ReactNode }) {
  return (
    <>
      <span className="way-arrow" aria-hidden="true">
        →
      </span>
      <span className="visually-hidden">, on to </span>
      {to}
    </>
  );
}
