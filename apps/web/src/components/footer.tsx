import type { NodeSnapshot } from '@tabswarm/node';
import { formatBytes, plural } from '../format.ts';

export function Footer({ snapshot }: { readonly snapshot: NodeSnapshot | undefined }) {
  return (
    <footer className="footer">
      <p>
        {snapshot && snapshot.usage.bytes > 0 && (
          <>
            This browser keeps {formatBytes(snapshot.usage.bytes)} in{' '}
            {plural(snapshot.usage.blocks, 'verified block')}.{' '}
          </>
        )}
        {snapshot?.room && (
          <span data-testid="storage" data-used={snapshot.room.used} data-free={snapshot.room.free}>
            {snapshot.room.nominal
              ? `This site uses ${formatBytes(snapshot.room.used)} of the disk; how much is free, this browser does not say`
              : `This browser gives the site ${formatBytes(snapshot.room.used + snapshot.room.free)}, of which ${formatBytes(snapshot.room.free)} are free`}
            {snapshot.room.persisted && ', and keeps what is stored until you remove it'}.{' '}
          </span>
        )}
        Peers see one another’s network addresses. Shares can be had for as long as somebody who has them
        keeps a tab open.
      </p>
    </footer>
  );
}
