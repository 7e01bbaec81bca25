import type { ReceiverView } from '@tabswarm/node';
import { formatBytes, formatPercent, formatRate, plural } from '../format.ts';

/** A share may have many; these are at it first. */
const MAX_SHOWN = 8;
const SHORT_ID_LENGTH = 8;

/** Who is given a share from this tab, and how far each of them is. */
export function ReceiverList({
  name,
  receivers,
}: {
  readonly name: string;
  readonly receivers: readonly ReceiverView[];
}) {
  const more = receivers.length - MAX_SHOWN;
  return (
    <ul className="receivers" aria-label={`Who gets ${name} from here`}>
      {receivers.slice(0, MAX_SHOWN).map((receiver) => (
        <ReceiverRow key={receiver.peer} receiver={receiver} />
      ))}
      {more > 0 && <li className="receiver-more">and {plural(more, 'other')}</li>}
    </ul>
  );
}

function ReceiverRow({ receiver }: { readonly receiver: ReceiverView }) {
  const { peer, state, progress, verified, route } = receiver;
  const short = peer.slice(0, SHORT_ID_LENGTH);
  return (
    <li
      className="receiver"
      data-testid="receiver"
      data-state={state}
      data-peer={peer}
      data-progress={progress}
      data-verified={verified}
      data-route={route}
    >
      <span className="receiver-name" title={`Node ${peer}`}>
        Tab {short}
      </span>
      <progress
        aria-label={`How much of it tab ${short} has`}
        max={1}
        value={state === 'done' ? 1 : progress}
        data-state={state === 'done' ? 'complete' : 'fetching'}
      />
      <span className="receiver-status">{textOf(receiver)}</span>
      {route && (
        <span className="receiver-route" title={ROUTE_TITLES[route]}>
          {route}
        </span>
      )}
    </li>
  );
}

const ROUTE_TITLES: Readonly<Record<NonNullable<ReceiverView['route']>, string>> = {
  direct: 'Straight from this tab to that one',
  relayed: 'Through a relay server, which cannot read it',
};

function textOf({ state, progress, bytes, rate, verified, whole }: ReceiverView): string {
  switch (state) {
    case 'receiving':
      return `${formatPercent(progress)}, ${formatRate(rate)}`;
    case 'waiting':
      return `${formatPercent(progress)}, ${formatBytes(bytes)} sent`;
    case 'done':
      return `${whole ? 'Has all of it' : 'Has what it chose'}${verified ? ', verified' : ''}`;
    default:
      return `Left at ${formatPercent(progress)}`;
  }
}
