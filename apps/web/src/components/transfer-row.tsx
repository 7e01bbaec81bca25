import type { Node, Problem, TransferView } from '@tabswarm/node';
import { useState } from 'react';
import { formatBytes } from '../format.ts';
import { saveBlob } from '../save.ts';
import { describeStatus } from '../transfer-text.ts';
import { FileList } from './file-list.tsx';
import { FileIcon, FolderIcon, LockIcon } from './icons.tsx';
import { ShareLink } from './share-link.tsx';

export function TransferRow({ node, transfer }: { readonly node: Node; readonly transfer: TransferView }) {
  const { id, root, name, size, status, progress, files, link, readable } = transfer;
  const [saveError, setSaveError] = useState<string>();
  const problem: Problem | undefined = 'problem' in status ? status.problem : undefined;
  // Before it has a root there is nothing but work that can be given up.
  const removeLabel = root === undefined && status.state !== 'failed' ? 'Cancel' : 'Remove';
  const active = status.state === 'hashing' || status.state === 'fetching' || status.state === 'finding';

  const act = (work: Promise<void>): void => {
    setSaveError(undefined);
    work.catch(() => setSaveError('That did not work. Reload the page and try again: nothing is lost.'));
  };

  const save = async (chosen: TransferView['files']): Promise<void> => {
    if (!root) return;
    for (const { path } of chosen) saveBlob(await node.read(root, path), path.at(-1) ?? name);
  };

  return (
    <li
      className="card transfer"
      data-testid="transfer"
      data-state={status.state}
      data-root={root}
      data-progress={progress}
    >
      <div className="transfer-head">
        <span className="transfer-icon" aria-hidden="true">
          {files.length > 1 ? <FolderIcon /> : <FileIcon />}
        </span>
        <div className="transfer-title">
          <h3 data-testid="transfer-name" dir="auto" title={name}>
            {name}
          </h3>
          <p className="transfer-meta">
            {transfer.visibility === 'private' && (
              <span className="badge" title="Sealed: only people with the link can read it">
                <LockIcon /> Private
              </span>
            )}
            {size !== undefined && <span>{formatBytes(size)}</span>}
            <span className="transfer-status">{describeStatus(transfer)}</span>
          </p>
        </div>
        <div className="buttons transfer-buttons">
          {readable && status.state !== 'sharing' && (
            <button
              type="button"
              className="primary"
              data-testid="save-button"
              aria-label={`Save ${name}`}
              onClick={() => act(save(files))}
            >
              Save
            </button>
          )}
          {active && (
            <button type="button" aria-label={`Pause ${name}`} onClick={() => act(node.pause(id))}>
              Pause
            </button>
          )}
          {status.state === 'paused' && problem?.code === 'no-room' && (
            <button
              type="button"
              data-testid="anyway-button"
              aria-label={`Download ${name} anyway`}
              onClick={() => act(node.resume(id, { anyway: true }))}
            >
              Download anyway
            </button>
          )}
          {status.state === 'paused' && problem?.code !== 'no-room' && (
            <button type="button" aria-label={`Resume ${name}`} onClick={() => act(node.resume(id))}>
              Resume
            </button>
          )}
          {readable && status.state === 'sharing' && (
            <button
              type="button"
              data-testid="save-button"
              aria-label={`Save a copy of ${name}`}
              onClick={() => act(save(files))}
            >
              Save a copy
            </button>
          )}
          <button
            type="button"
            className="quiet"
            aria-label={`${removeLabel} ${name}`}
            onClick={() => act(node.remove(id))}
          >
            {removeLabel}
          </button>
        </div>
      </div>
      {(active || status.state === 'paused') && (
        <progress aria-label={`Progress of ${name}`} max={1} value={progress} data-state={status.state} />
      )}
      {(problem ?? saveError) !== undefined && (
        <p className={noticeClass(status.state)} role="alert" data-testid="transfer-error">
          {problem ? `${problem.message} ${problem.advice}` : saveError}
        </p>
      )}
      {files.length > 1 && (
        <FileList files={files} onSave={readable ? (file) => act(save([file])) : undefined} />
      )}
      {link !== undefined && status.state !== 'failed' && <ShareLink link={link} name={name} />}
    </li>
  );
}

/** Only what needs the user looks like an error; the rest is waiting for others. */
function noticeClass(state: TransferView['status']['state']): string {
  if (state === 'complete') return 'hint';
  return state === 'finding' || state === 'fetching' ? 'waiting' : 'error';
}
