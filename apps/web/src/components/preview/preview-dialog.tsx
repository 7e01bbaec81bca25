import type { Root, TransferView } from '@tabswarm/node';
import { useEffect, useId, useRef } from 'react';
import type { Booted } from '../../boot.ts';
import { formatBytes } from '../../format.ts';
import type { Preview } from '../../preview/kinds.ts';
import { describeStatus } from '../../transfer-text.ts';
import { PublishedPreview } from './published-preview.tsx';
import { TextPreview } from './text-preview.tsx';

export interface PreviewDialogProps {
  readonly page: Booted;
  readonly root: Root;
  readonly transfer: TransferView;
  readonly file: TransferView['files'][number];
  readonly preview: Preview;
  readonly onClose: () => void;
}

/** Shows one file of a share over the page, also while it arrives. */
export function PreviewDialog({ page, root, transfer, file, preview, onClose }: PreviewDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const headingId = useId();
  const { status } = transfer;
  const arriving = status.state === 'fetching' || status.state === 'finding' || status.state === 'paused';
  const problem = 'problem' in status ? status.problem : undefined;

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="preview"
      data-testid="preview"
      data-kind={preview.kind}
      aria-labelledby={headingId}
      onClose={onClose}
    >
      <header className="preview-head">
        <h2 id={headingId} dir="auto">
          {file.path.at(-1)}
        </h2>
        <span className="preview-size">{formatBytes(file.length)}</span>
        <button
          type="button"
          data-testid="preview-close"
          aria-label="Close the preview"
          onClick={() => dialog.current?.close()}
        >
          Close
        </button>
      </header>
      <div className="preview-body">
        {preview.kind === 'text' ? (
          <TextPreview node={page.node} root={root} file={file} />
        ) : (
          <PublishedPreview page={page} root={root} file={file} preview={preview} />
        )}
      </div>
      {arriving && (
        <p className={problem ? 'waiting' : 'hint'} data-testid="preview-status">
          {problem ? `${problem.message} ${problem.advice}` : describeStatus(transfer)}
        </p>
      )}
    </dialog>
  );
}
