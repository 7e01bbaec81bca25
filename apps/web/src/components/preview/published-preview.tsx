import type { Root, TransferView } from '@tabswarm/node';
import { useState } from 'react';
import type { Booted } from '../../boot.ts';
import type { Preview } from '../../preview/kinds.ts';
import { useResource } from '../../preview/use-resource.ts';
import { Player } from './player.tsx';

export interface PublishedPreviewProps {
  readonly page: Booted;
  readonly root: Root;
  readonly file: TransferView['files'][number];
  readonly preview: Preview;
}

/** What the browser's own players and viewers show. They ask the service worker for what they need next. */
export function PublishedPreview({ page, root, file, preview: { kind, type } }: PublishedPreviewProps) {
  const published = useResource(page, root, file, type);
  const [failed, setFailed] = useState(false);
  const name = file.path.at(-1) ?? '';
  const onError = (): void => setFailed(true);

  if (failed) {
    return (
      <p className="error" role="alert">
        This browser cannot show this file: it is damaged, or of a kind that the browser does not know. Save
        it, and open it with another program.
      </p>
    );
  }
  if (published.state === 'unavailable') {
    return (
      <p className="error" role="alert">
        Nothing can be shown in this window, because the browser lets the page give no files to its players;
        private windows often do not. Save the file, or open the page in a normal window.
      </p>
    );
  }
  if (published.state === 'opening') return <p className="hint">Opening …</p>;
  const { url } = published;
  switch (kind) {
    case 'video':
    case 'audio':
      return <Player kind={kind} url={url} name={name} onError={onError} />;
    case 'image':
      return <img src={url} alt={name} data-testid="preview-image" onError={onError} />;
    default:
      return navigator.pdfViewerEnabled ? (
        // oxlint-disable-next-line react/iframe-missing-sandbox -- no viewer opens in one; the answer itself is powerless
        <iframe src={url} title={name} data-testid="preview-pdf" />
      ) : (
        <p className="error" role="alert">
          This browser does not show PDF files in a page. Save it, and open it with another program.
        </p>
      );
  }
}
