import type { PeerView } from '@tabswarm/node';
import type { Mark } from '../network/mark.ts';
import { nearness, SECTIONS } from '../network/nearness.ts';

/** Rows that are there in the smallest network, so that one sees what they are about. */
const MIN_ROWS = 3;

export interface DistancesProps {
  readonly peers: readonly PeerView[];
  readonly onMark: (mark: Mark | undefined) => void;
}

/** How many links there are in each part of the ring: the routing table, as a person can read it. */
export function Distances({ peers, onMark }: DistancesProps) {
  const counts = countsByPart(peers);
  return (
    <section className="card distances" aria-labelledby="distances-heading">
      <h3 id="distances-heading">How far away your links are</h3>
      <p className="hint">
        Cut the ring in two: half of everybody lives in the half that is not yours. Cut yours in two, and go
        on until only you are left. With a link or two in each of these parts, any place is a few hops away.
      </p>
      <table>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Part of the ring</th>
            <th scope="col">Links</th>
          </tr>
        </thead>
        <tbody>
          {counts.map((count, bits) => (
            <tr
              key={nearness(bits)}
              data-empty={count === 0}
              onMouseEnter={() => onMark({ bits })}
              onMouseLeave={() => onMark(undefined)}
            >
              <th scope="row">{nearness(bits)}</th>
              <td>
                <span className="distance-count">{count}</span>
                <span className="distance-links" aria-hidden="true">
                  {Array.from({ length: count }, (_, at) => (
                    <span key={at} />
                  ))}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Links by the bits that they share with us, as far in as there are any; the innermost row holds all that are nearer. */
function countsByPart(peers: readonly PeerView[]): number[] {
  const counts = Array.from({ length: MIN_ROWS }, () => 0);
  for (const { bucket } of peers) {
    if (bucket === undefined) continue;
    const row = Math.min(bucket, SECTIONS);
    while (counts.length <= row) counts.push(0);
    counts[row] = (counts[row] ?? 0) + 1;
  }
  return counts;
}
