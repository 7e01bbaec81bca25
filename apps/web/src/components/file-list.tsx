import type { FilePriority, FileStatus, Node, Root, TransferView } from '@tabswarm/node';
import { useState } from 'react';
import { plural } from '../format.ts';
import { describeChoice } from '../transfer-text.ts';
import { FileRow } from './file-row.tsx';

type File = TransferView['files'][number];

/** Rows that a browser draws without a pause; the rest are shown on request. */
const PAGE = 200;

export interface FileListProps {
  readonly node: Node;
  readonly root: Root;
  readonly transfer: TransferView;
  readonly onChoose: (priority: FilePriority, paths?: readonly (readonly string[])[]) => void;
  readonly onPreview: (file: File) => void;
  /** Absent where no file can be opened, as the key does not fit. */
  readonly onSave: ((file: File) => void) | undefined;
}

/** The files of a share, folded away until somebody asks, or has to choose. A share may have thousands. */
export function FileList({ node, root, transfer, onChoose, onPreview, onSave }: FileListProps) {
  const { files, chosen, status } = transfer;
  const choosing = status.state === 'paused' && status.choosing === true;
  const [toggled, setToggled] = useState<boolean>();
  const [shown, setShown] = useState(PAGE);
  const open = toggled ?? choosing;
  const rows = open ? node.files(root, 0, shown) : [];
  // Of what is all here there is nothing to choose.
  const canChoose = chosen !== undefined || (status.state !== 'sharing' && status.state !== 'complete');

  return (
    <details className="files" open={open} onToggle={(event) => setToggled(event.currentTarget.open)}>
      <summary>{plural(files.length, 'file')}</summary>
      {open && canChoose && (
        <div className="files-head">
          <p className="hint">{describeChoice(files.length, chosen)}</p>
          <span className="files-all">
            <button
              type="button"
              className="quiet"
              data-testid="choose-all"
              onClick={() => onChoose('normal')}
            >
              Download all
            </button>
            <button
              type="button"
              className="quiet"
              data-testid="choose-none"
              onClick={() => onChoose('skip')}
            >
              Skip all
            </button>
          </span>
        </div>
      )}
      {open && (
        <ul>
          {rows.map((file: FileStatus) => (
            <FileRow
              key={file.path.join('/')}
              file={file}
              onChoose={canChoose ? (priority) => onChoose(priority, [file.path]) : undefined}
              onPreview={onPreview}
              onSave={onSave}
            />
          ))}
        </ul>
      )}
      {open && shown < files.length && (
        <button type="button" className="quiet" onClick={() => setShown(shown + PAGE)}>
          Show more
        </button>
      )}
    </details>
  );
}
