import type { Node, NodeSnapshot, PeerView } from '@tabswarm/node';
import { useState } from 'react';
import { plural } from '../format.ts';
import { lookupToShow } from '../network/lookup-text.ts';
import type { Mark } from '../network/mark.ts';
import { Distances } from './distances.tsx';
import { LinkTable } from './link-table.tsx';
import { LookupPanel } from './lookup-panel.tsx';
import { Ring } from './ring.tsx';
import { RingLegend } from './ring-legend.tsx';

export interface NetworkViewProps {
  readonly node: Pick<Node, 'exploreNetwork'>;
  readonly snapshot: Pick<NodeSnapshot, 'nodeId' | 'peers' | 'network' | 'records'>;
}

/** The overlay as this tab sees it, for people who have never heard of one. */
export function NetworkView({ node, snapshot }: NetworkViewProps) {
  const [marked, setMarked] = useState<Mark>();
  const [play, setPlay] = useState(0);
  const [said, setSaid] = useState('');
  const { nodeId, network, records } = snapshot;
  const peers = nearestFirst(snapshot.peers);
  // With nobody left, the lookup would be drawn to places where nobody is.
  const lookup = peers.length > 0 ? lookupToShow(network.lookups) : undefined;
  const { problem } = network;

  const tryLookup = (): void => {
    setSaid('');
    node.exploreNetwork().then(
      ({ requests, hops }) => {
        setSaid(`Done: ${plural(requests, 'question')}, the longest way over ${plural(hops, 'hop')}.`);
      },
      // The last link went away meanwhile; the page says that it is alone.
      () => setSaid('There is nobody to ask just now.'),
    );
  };

  return (
    <section className="network" data-testid="network-view" aria-labelledby="network-heading">
      <div className="network-introduction">
        <h2 id="network-heading">Your place in the network</h2>
        <p>{introduction(peers.length, network.contacts)}</p>
        {problem && (
          <p className="waiting" data-testid="network-problem">
            {problem.message} {problem.advice}
          </p>
        )}
      </div>
      <div className="network-picture">
        <figure className="card ring-card">
          <Ring self={nodeId} peers={peers} lookup={lookup} play={play} marked={marked} />
          <RingLegend lookup={lookup !== undefined} />
        </figure>
        <LookupPanel
          lookup={lookup}
          play={play}
          linked={peers.some(({ bucket }) => bucket !== undefined)}
          said={said}
          onTry={tryLookup}
          onReplay={() => setPlay(play + 1)}
        />
      </div>
      {peers.length > 0 && (
        <>
          <Distances peers={peers} onMark={setMarked} />
          <LinkTable peers={peers} onMark={setMarked} />
        </>
      )}
      <p className="hint">
        There is no list of files anywhere. Each tab keeps a few notes of who has what for others; yours keeps{' '}
        {plural(records, 'note')} now. A note does not tell those who keep it what the file is.
      </p>
    </section>
  );
}

function introduction(links: number, unlinked: number): string {
  const place =
    'Every open tab has a place on a ring, and its id says where. Yours is on top; the others are drawn where theirs put them.';
  if (links === 0) return place;
  const known = links + unlinked;
  const linked =
    unlinked === 0
      ? links === 1
        ? 'You are linked to the only other tab that yours knows about.'
        : `You are linked to all ${links} tabs that yours knows about.`
      : `You are linked to ${links} of the ${known} tabs that yours knows about: always to its nearest neighbours, and to a few in every other part of the ring.`;
  return `${place} ${linked}`;
}

/** The most bits in common first; the ids decide between equals, so that nobody changes places. */
function nearestFirst(peers: readonly PeerView[]): PeerView[] {
  return peers.toSorted((a, b) => (b.bucket ?? -1) - (a.bucket ?? -1) || (a.id < b.id ? -1 : 1));
}
