import type { NodeSnapshot, SourceFile, Visibility } from '@tabswarm/node';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { DropZone } from './components/drop-zone.tsx';
import { Footer } from './components/footer.tsx';
import { Header } from './components/header.tsx';
import { Introduction } from './components/introduction.tsx';
import { LimitsPanel } from './components/limits-panel.tsx';
import { LinkBox } from './components/link-box.tsx';
import { LostNotice } from './components/lost-notice.tsx';
import { NetworkView } from './components/network-view.tsx';
import { TransferList } from './components/transfer-list.tsx';
import { ViewTabs, viewPanelId, viewTabId } from './components/view-tabs.tsx';
import type { Booted } from './boot.ts';
import { takeLinkFromAddress } from './address-link.ts';
import { openTorrents, splitTorrents } from './torrent-files.ts';
import { useDroppedFiles } from './use-dropped-files.ts';
import { useView } from './use-view.ts';

const noChanges = (): (() => void) => () => undefined;
const nothing = (): undefined => undefined;

/** The whole page. `page` is undefined for the moment that it takes to start. */
export function App({ page }: { readonly page: Booted | undefined }) {
  const node = page?.node;
  const snapshot = useSyncExternalStore<NodeSnapshot | undefined>(
    node?.snapshot.subscribe ?? noChanges,
    node?.snapshot.get ?? nothing,
  );
  const [visibility, setVisibility] = useState<Visibility>('private');
  const [shareError, setShareError] = useState<string>();
  const [linkError, setLinkError] = useState<string>();

  const share = useCallback(
    (files: readonly SourceFile[]) => {
      setShareError(undefined);
      if (files.length === 0) {
        setShareError('There was no file in what you dropped. Drop files or folders from your file manager.');
        return;
      }
      if (!node) {
        setShareError('Tabswarm is still starting. Drop the files again in a moment.');
        return;
      }
      const { torrents, others } = splitTorrents(files);
      if (torrents.length > 0) {
        openTorrents(node, torrents, others).catch((cause: unknown) => {
          setShareError(cause instanceof Error ? cause.message : String(cause));
        });
        return;
      }
      // A job that fails stays in the list with its reason.
      node.share(files, { visibility }).catch(nothing);
    },
    [node, visibility],
  );

  const download = useCallback(
    async (text: string, { choose = false } = {}): Promise<boolean> => {
      try {
        await node?.add(text, choose ? { files: [] } : {});
        setLinkError(undefined);
        return true;
      } catch (cause) {
        setLinkError(cause instanceof Error ? cause.message : String(cause));
        return false;
      }
    },
    [node],
  );

  // Taken out of the address at once, as it may hold a key; fetched as soon as there is a node.
  const [addressed, setAddressed] = useState(() => ({ link: takeLinkFromAddress() }));
  useEffect(() => {
    const onHashChange = (): void => setAddressed({ link: takeLinkFromAddress() });
    window.addEventListener('hashchange', onHashChange);
    return () => window.removeEventListener('hashchange', onHashChange);
  }, []);
  useEffect(() => {
    const { link } = addressed;
    if (node && link !== undefined) queueMicrotask(() => void download(link));
  }, [node, addressed, download]);

  // After the address has been read: what came with a link is to be seen among the files.
  const [view, setView] = useView();
  const drop = useCallback(
    (files: readonly SourceFile[]) => {
      setView('files');
      share(files);
    },
    [setView, share],
  );
  const refuseDrop = useCallback(
    (reason: string) => {
      setView('files');
      setShareError(reason);
    },
    [setView],
  );
  const dragging = useDroppedFiles(drop, refuseDrop);
  const transfers = snapshot?.transfers ?? [];

  return (
    <div className="page">
      <Header snapshot={snapshot} />
      <main>
        <ViewTabs view={view} onView={setView} />
        <div
          className="view"
          role="tabpanel"
          id={viewPanelId('files')}
          aria-labelledby={viewTabId('files')}
          hidden={view !== 'files'}
        >
          {node && snapshot?.lost && <LostNotice node={node} lost={snapshot.lost} />}
          {transfers.length === 0 && <Introduction />}
          <div className="entry" data-compact={transfers.length > 0}>
            <DropZone
              disabled={!node}
              dragging={dragging}
              error={shareError}
              visibility={visibility}
              onVisibility={setVisibility}
              onFiles={share}
            />
            <LinkBox disabled={!node} error={linkError} onSubmit={download} />
          </div>
          {page && transfers.length > 0 && <TransferList page={page} transfers={transfers} />}
          {node && snapshot && <LimitsPanel node={node} limits={snapshot.limits} />}
        </div>
        <div
          className="view"
          role="tabpanel"
          id={viewPanelId('network')}
          aria-labelledby={viewTabId('network')}
          hidden={view !== 'network'}
        >
          {view === 'network' && node && snapshot && <NetworkView node={node} snapshot={snapshot} />}
        </div>
      </main>
      <Footer snapshot={snapshot} />
    </div>
  );
}
