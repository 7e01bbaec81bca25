import { formatBytes, formatPercent } from '../format.ts';
import type { SaveView } from '../save/saves.ts';
import { RenamedFiles } from './renamed-files.tsx';

/** What of a share is being saved, and what has become of it. */
export function SaveList({
  saves,
  onDismiss,
}: {
  readonly saves: readonly SaveView[];
  readonly onDismiss: (id: string) => void;
}) {
  return (
    <ul className="saves">
      {saves.map((save) => (
        <li key={save.id} className="save" data-testid="save-status" data-state={save.status.state}>
          <div className="save-line">
            <p {...(save.status.state === 'failed' ? { role: 'alert', className: 'error' } : {})}>
              {textOf(save)}
            </p>
            {/* Said when it changes, and not with every percent. */}
            <output className="visually-hidden">{toldOf(save)}</output>
            <button
              type="button"
              className="quiet"
              aria-label={`${dismissLabel(save)} ${save.name ?? 'this'}`}
              onClick={() => onDismiss(save.id)}
            >
              {dismissLabel(save)}
            </button>
          </div>
          {save.status.state === 'saving' && (
            <progress
              aria-label={`Saved of ${save.name ?? 'this'}`}
              max={Math.max(1, save.status.bytesTotal)}
              value={save.status.bytesDone}
              data-state="saving"
            />
          )}
          {save.renamed.length > 0 && (
            <RenamedFiles
              renamed={save.renamed}
              is="is saved as"
              why={`so that every system can hold ${save.renamed.length === 1 ? 'it' : 'them'}`}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

function dismissLabel({ status }: SaveView): string {
  return status.state === 'saving' ? 'Stop saving' : 'Dismiss';
}

/** What is read out; a failure is an alert of its own. */
function toldOf(save: SaveView): string {
  if (save.status.state === 'failed') return '';
  return save.status.state === 'saving' ? `Saving ${save.name ?? 'it'}` : textOf(save);
}

function textOf({ name, fileCount, status }: SaveView): string {
  const what = name === undefined ? 'it' : `“${name}”`;
  switch (status.state) {
    case 'saving': {
      const part = status.bytesTotal === 0 ? 1 : Math.min(1, status.bytesDone / status.bytesTotal);
      const files = fileCount > 1 && !status.handedOver ? `, ${status.filesDone} of ${fileCount} files` : '';
      const where = status.handedOver ? 'Your browser is saving' : 'Saving';
      return `${where} ${what}: ${formatPercent(part)} of ${formatBytes(status.bytesTotal)}${files}`;
    }
    case 'saved':
      return status.handedOver ? `Saved ${what}: it is among your browser’s downloads.` : `Saved ${what}.`;
    case 'failed':
      return status.message;
    default:
      return 'Saving was interrupted when this page was closed or reloaded. Save again: what was downloaded is still here, and in a folder it goes on where it stopped.';
  }
}
