import type { Problem, TransferView } from '@tabswarm/node';
import { useState } from 'react';
import type { Booted } from '../boot.ts';
import { previewOf } from '../preview/kinds.ts';
import { describeSize, describeStatus } from '../transfer-text.ts';
import { useSaves } from '../use-saves.ts';
import { FileList } from './file-list.tsx';
import { FileIcon, FolderIcon, LockIcon } from './icons.tsx';
import { PreviewDialog } from './preview/preview-dialog.tsx';
import { ReceiverList } from './receiver-list.tsx';
import { RenamedFiles } from './renamed-files.tsx';
import { SaveList } from './save-list.tsx';
import { ShareLink } from './share-link.tsx';
import { SupplyLine } from './supply-line.tsx';
import { TransferButtons } from './transfer-buttons.tsx';

export function TransferRow({ page, transfer }: { readonly page: Booted; readonly transfer: TransferView }) {
  const { node } = page;
  const { root, name, size, status, progress, supply, files, chosen, link, openable } = transfer;
  const { views: saves, save } = useSaves(page, root);
  const [actError, setActError] = useState<string>();
  const [shown, setShown] = useState<TransferView['files'][number]>();
  const preview = shown && previewOf(shown);
  const choosing = status.state === 'paused' && status.choosing === true;
  const problem: Problem | undefined = 'problem' in status ? status.problem : undefined;
  const active = status.state === 'hashing' || status.state === 'fetching' || status.state === 'finding';

  const act = (work: Promise<void>): void => {
    setActError(undefined);
    work.catch((cause: unknown) => setActError(textOfFailure(cause)));
  };

  /** What is saved as a whole: all that was not left out. */
  const chosenFiles = (): TransferView['files'] =>
    root ? node.files(root, 0, files.length).filter(({ priority }) => priority !== 'skip') : [];

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
            {size !== undefined && <span>{describeSize(size, chosen)}</span>}
            <span className="transfer-status">{describeStatus(transfer)}</span>
          </p>
        </div>
        <TransferButtons
          node={node}
          transfer={transfer}
          onSave={() => act(save(transfer, chosenFiles()))}
          onPreview={setShown}
          act={act}
        />
      </div>
      {(active || (status.state === 'paused' && !choosing)) && (
        <progress aria-label={`Progress of ${name}`} max={1} value={progress} data-state={status.state} />
      )}
      {(actError ?? problem) !== undefined && (
        <p
          className={actError === undefined ? noticeClass(status.state) : 'error'}
          role="alert"
          data-testid="transfer-error"
        >
          {actError ?? (problem && `${problem.message} ${problem.advice}`)}
        </p>
      )}
      {transfer.renamed.length > 0 && (
        <RenamedFiles renamed={transfer.renamed} is="is shared as" why="so that others can take the share" />
      )}
      {supply && <SupplyLine node={node} name={name} supply={supply} act={act} />}
      {transfer.receivers.length > 0 && <ReceiverList name={name} receivers={transfer.receivers} />}
      {saves.length > 0 && <SaveList saves={saves} onDismiss={page.saves.dismiss} />}
      {root && files.length > 1 && (
        <FileList
          node={node}
          root={root}
          transfer={transfer}
          onChoose={(priority, paths) => act(node.choose(root, priority, paths))}
          onPreview={setShown}
          onSave={openable ? (file) => act(save(transfer, [file])) : undefined}
        />
      )}
      {root && shown && preview && (
        <PreviewDialog
          page={page}
          root={root}
          transfer={transfer}
          file={shown}
          preview={preview}
          onClose={() => setShown(undefined)}
        />
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

/** What the node says is for people; anything else is ours. */
function textOfFailure(cause: unknown): string {
  if (cause instanceof Error && cause.name === 'TransferError') return cause.message;
  return 'That did not work. Reload the page and try again: nothing is lost.';
}
