import type { TransferView } from '@tabswarm/node';
import { useState } from 'react';
import { formatBytes } from '../format.ts';

type File = TransferView['files'][number];

/** Rows that a browser draws without a pause; the rest are shown on request. */
const PAGE = 200;

export interface FileListProps {
  readonly files: readonly File[];
  /** Absent while files cannot be saved. */
  readonly onSave: ((file: File) => void) | undefined;
}

/** The files of a share, folded away until somebody asks. A share may have thousands. */
export function FileList({ files, onSave }: FileListProps) {
  const [open, setOpen] = useState(false);
  const [shown, setShown] = useState(PAGE);

  return (
    <details className="files" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{files.length} files</summary>
      {open && (
        <ul>
          {files.slice(0, shown).map((file) => (
            <FileRow key={file.path.join('/')} file={file} onSave={onSave} />
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

function FileRow({ file, onSave }: { readonly file: File; readonly onSave: FileListProps['onSave'] }) {
  const path = file.path.join('/');
  return (
    <li>
      <span className="file-path" dir="auto">
        {path}
      </span>
      <span className="file-size">{formatBytes(file.length)}</span>
      {onSave && (
        <button
          type="button"
          className="quiet"
          data-testid="save-file-button"
          aria-label={`Save ${path}`}
          onClick={() => onSave(file)}
        >
          Save
        </button>
      )}
    </li>
  );
}
