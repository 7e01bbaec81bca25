import type { Node, TransferView } from '@tabswarm/node';
import { useEffect, useRef, useState } from 'react';
import { previewOf } from '../preview/kinds.ts';
import { pageDownloads } from '../save/page-downloads.ts';
import { supplyFiles } from '../torrent-files.ts';
import { RemoveQuestion } from './remove-question.tsx';
import { SupplyButton } from './supply-button.tsx';

export interface TransferButtonsProps {
  readonly node: Node;
  readonly transfer: TransferView;
  readonly onSave: () => void;
  readonly onPreview: (file: TransferView['files'][number]) => void;
  /** Runs what a button does, and tells of a failure. */
  readonly act: (work: Promise<void>) => void;
}

/** What can be done with a share or download as a whole. */
export function TransferButtons({ node, transfer, onSave, onPreview, act }: TransferButtonsProps) {
  const { id, root, name, status, openable } = transfer;
  const { state } = status;
  const [asked, setAsked] = useState(false);
  const removeButton = useRef<HTMLButtonElement>(null);
  const wasAsked = useRef(false);
  useEffect(() => {
    if (wasAsked.current && !asked) removeButton.current?.focus();
    wasAsked.current = asked;
  }, [asked]);
  const only = transfer.files.length === 1 ? transfer.files[0] : undefined;
  const choosing = status.state === 'paused' && status.choosing === true;
  const active = state === 'hashing' || state === 'fetching' || state === 'finding';
  const hasNoRoom = status.state === 'paused' && status.problem?.code === 'no-room';
  // Before it has a root there is nothing but work that can be given up.
  const removeLabel = root === undefined && state !== 'failed' ? 'Cancel' : 'Remove';
  const incomplete = state === 'finding' || (state === 'paused' && !choosing);

  // What is kept may also be of files that are not wanted any more.
  const mayKeepSome = root !== undefined && (transfer.progress > 0 || transfer.files.length > 0);
  const remove = (): void => act(node.remove(id));

  const saveTorrent = async (): Promise<void> => {
    if (root) pageDownloads.fromBlob(await node.torrent(root), `${name}.torrent`);
  };

  if (asked) return <RemoveQuestion name={name} onRemove={remove} onKeep={() => setAsked(false)} />;

  return (
    <div className="buttons transfer-buttons">
      {openable && state !== 'sharing' && state !== 'failed' && !choosing && (
        <SaveButton transfer={transfer} onSave={onSave} />
      )}
      {active && (
        <button type="button" aria-label={`Pause ${name}`} onClick={() => act(node.pause(id))}>
          Pause
        </button>
      )}
      {root && only && previewOf(only) && state !== 'failed' && (
        <button
          type="button"
          data-testid="preview-button"
          aria-label={`Preview ${name}`}
          onClick={() => onPreview(only)}
        >
          Preview
        </button>
      )}
      {root && choosing && (
        <button
          type="button"
          className="primary"
          aria-label={`Download all of ${name}`}
          onClick={() => act(node.choose(root, 'normal'))}
        >
          Download all
        </button>
      )}
      {hasNoRoom && (
        <button
          type="button"
          data-testid="anyway-button"
          aria-label={`Download ${name} anyway`}
          onClick={() => act(node.resume(id, { anyway: true }))}
        >
          Download anyway
        </button>
      )}
      {state === 'paused' && !choosing && !hasNoRoom && (
        <button type="button" aria-label={`Resume ${name}`} onClick={() => act(node.resume(id))}>
          Resume
        </button>
      )}
      {openable && state === 'sharing' && <SaveButton transfer={transfer} onSave={onSave} />}
      {root && transfer.hasTorrent && incomplete && !transfer.supply && (
        <SupplyButton name={name} onFiles={(files) => act(supplyFiles(node, root, files))} />
      )}
      {transfer.hasTorrent && !incomplete && (
        <button
          type="button"
          className="quiet"
          data-testid="torrent-button"
          title="For BitTorrent software that knows v2"
          aria-label={`Save the torrent file of ${name}`}
          onClick={() => act(saveTorrent())}
        >
          Torrent file
        </button>
      )}
      <button
        type="button"
        className="quiet"
        ref={removeButton}
        aria-label={`${removeLabel} ${name}`}
        onClick={() => (mayKeepSome ? setAsked(true) : remove())}
      >
        {removeLabel}
      </button>
    </div>
  );
}

function SaveButton({ transfer, onSave }: { readonly transfer: TransferView; readonly onSave: () => void }) {
  const { name, readable, status } = transfer;
  const sharing = status.state === 'sharing';
  const label = readable ? (sharing ? 'Save a copy' : 'Save') : 'Save while it downloads';
  return (
    <button
      type="button"
      className={sharing ? '' : 'primary'}
      data-testid="save-button"
      aria-label={`${label}: ${name}`}
      onClick={onSave}
    >
      {label}
    </button>
  );
}
