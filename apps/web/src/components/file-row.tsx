import type { FilePriority, FileStatus } from '@tabswarm/node';
import { formatBytes, formatPercent } from '../format.ts';
import { previewOf } from '../preview/kinds.ts';

export interface FileRowProps {
  readonly file: FileStatus;
  readonly onChoose: ((priority: FilePriority) => void) | undefined;
  readonly onPreview: (file: FileStatus) => void;
  readonly onSave: ((file: FileStatus) => void) | undefined;
}

const PRIORITIES: Readonly<Record<FilePriority, string>> = {
  first: 'Download first',
  normal: 'Download',
  skip: 'Skip',
};

/** One file of a share: how much of it is here, whether it is wanted, and what can be done with it. */
export function FileRow({ file, onChoose, onPreview, onSave }: FileRowProps) {
  const { length, priority, keptBytes } = file;
  const path = file.path.join('/');
  const here = keptBytes === length;
  return (
    <li data-testid="file" data-path={path} data-priority={priority} data-here={here}>
      <span className="file-path" dir="auto">
        {path}
      </span>
      <span className="file-size">
        {!here && keptBytes > 0 && `${formatPercent(keptBytes / length)} of `}
        {formatBytes(length)}
      </span>
      <span className="file-actions">
        {previewOf(file) && (
          <button
            type="button"
            className="quiet"
            data-testid="preview-file-button"
            aria-label={`Preview ${path}`}
            onClick={() => onPreview(file)}
          >
            Preview
          </button>
        )}
        {onSave && here && (
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
        {onChoose && !here && (
          <select
            value={priority}
            data-testid="file-priority"
            aria-label={`Whether to download ${path}`}
            onChange={(event) => onChoose(event.target.value as FilePriority)}
          >
            {Object.entries(PRIORITIES).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </span>
    </li>
  );
}
