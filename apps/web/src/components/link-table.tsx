import type { PeerView } from '@tabswarm/node';
import { formatRate, formatTime } from '../format.ts';
import { formatMilliseconds } from '../network/lookup-text.ts';
import type { Mark } from '../network/mark.ts';
import { nearness, sharedBitsText, shortId } from '../network/nearness.ts';

export interface LinkTableProps {
  /** In the order in which they are listed. */
  readonly peers: readonly PeerView[];
  readonly onMark: (mark: Mark | undefined) => void;
}

/** The linked tabs, one a row. */
export function LinkTable({ peers, onMark }: LinkTableProps) {
  return (
    <section className="card link-list" aria-labelledby="links-heading">
      <h3 id="links-heading">Your links</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Tab</th>
            <th scope="col">Where on the ring</th>
            <th scope="col">Linked since</th>
            <th scope="col">Round trip</th>
            <th scope="col">Receiving</th>
            <th scope="col">Sending</th>
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <tr
              key={peer.id}
              data-testid="network-link"
              data-node={peer.id}
              onMouseEnter={() => onMark({ id: peer.id })}
              onMouseLeave={() => onMark(undefined)}
            >
              <th scope="row" title={peer.id}>
                <code>{shortId(peer.id)}</code>
              </th>
              <td
                data-label="Where"
                title={peer.bucket === undefined ? undefined : sharedBitsText(peer.bucket)}
              >
                {peer.bucket === undefined ? 'Just linked' : nearness(peer.bucket)}
                {peer.bucket !== undefined && <span className="bits"> {bitsAlike(peer.bucket)}</span>}
              </td>
              <td data-label="Since">{formatTime(peer.since)}</td>
              <td data-label="Round trip">
                {peer.rttMs === undefined ? 'measuring' : formatMilliseconds(peer.rttMs)}
              </td>
              <td data-label="Receiving">{rateText(peer.downRate)}</td>
              <td data-label="Sending">{rateText(peer.upRate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Below it a link carries only the network's own small talk. */
const QUIET_BYTES_PER_SECOND = 1_000;

function rateText(rate: number): string {
  return rate < QUIET_BYTES_PER_SECOND ? 'quiet' : formatRate(rate);
}

function bitsAlike(bits: number): string {
  return bits === 0 ? 'no bit shared' : `first ${bits === 1 ? 'bit' : `${bits} bits`} shared`;
}
