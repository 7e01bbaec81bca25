import type { NodeSnapshot } from '@tabswarm/node';
import { plural } from '../format.ts';
import { Logo } from './icons.tsx';

const SIGNALING: Readonly<Record<NodeSnapshot['signaling'], { label: string; title: string }>> = {
  connecting: { label: 'Connecting', title: 'Asking the server for the first peers.' },
  connected: { label: 'Online', title: 'The server can introduce this tab to others.' },
  offline: {
    label: 'Server away',
    title:
      'The server that introduces tabs is away. Links that are open go on, and peers introduce one another.',
  },
};

export function Header({ snapshot }: { readonly snapshot: NodeSnapshot | undefined }) {
  const state = snapshot?.signaling ?? 'connecting';
  const peers = snapshot?.peers.length ?? 0;
  const { label, title } = SIGNALING[state];
  return (
    <header className="header">
      <div className="brand">
        <Logo />
        <h1 className="brand-name">Tabswarm</h1>
      </div>
      <ul className="statuses" aria-label="Connection">
        <li className="status" data-testid="signaling-state" data-state={state} title={title}>
          <span className="dot" aria-hidden="true" />
          {label}
        </li>
        <li className="status" title="Tabs that this one is linked to">
          <span>
            <span data-testid="peer-count" data-count={peers}>
              {peers}
            </span>{' '}
            {plural(peers, 'peer').slice(String(peers).length + 1)}
          </span>
        </li>
        <li
          className="status status-id"
          title={snapshot && `This tab’s id in the network: ${snapshot.nodeId}`}
        >
          <span className="visually-hidden">This tab’s id: </span>
          <code data-testid="node-id" data-id={snapshot?.nodeId}>
            {snapshot?.nodeId.slice(0, 8) ?? '········'}
          </code>
        </li>
      </ul>
      {state === 'offline' && !snapshot?.signalingProblem && (
        <output className="notice notice-wait">{title}</output>
      )}
      {snapshot?.signalingProblem && (
        <p className="notice" role="alert">
          {snapshot.signalingProblem.message} {snapshot.signalingProblem.advice}
        </p>
      )}
    </header>
  );
}
