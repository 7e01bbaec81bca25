import type { SourceFile, Visibility } from '@tabswarm/node';
import { useId, useRef, type ChangeEvent } from 'react';
import { sourceFiles } from '../dropped-files.ts';
import { DropIcon } from './icons.tsx';

export interface DropZoneProps {
  readonly disabled: boolean;
  readonly dragging: boolean;
  readonly error: string | undefined;
  readonly visibility: Visibility;
  readonly onVisibility: (visibility: Visibility) => void;
  readonly onFiles: (files: readonly SourceFile[]) => void;
}

const CHOICES: readonly { value: Visibility; label: string; hint: string }[] = [
  { value: 'private', label: 'Private', hint: 'Sealed: only people with the link can read it.' },
  { value: 'public', label: 'Public', hint: 'Readable by all who hold it; also a valid v2 torrent.' },
];

export function DropZone({ disabled, dragging, error, visibility, onVisibility, onFiles }: DropZoneProps) {
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const hintId = useId();

  const onChosen = (event: ChangeEvent<HTMLInputElement>): void => {
    const { files } = event.target;
    if (files && files.length > 0) onFiles(sourceFiles(files));
    // So that the same file can be chosen again.
    event.target.value = '';
  };

  return (
    <section className="card drop-zone" data-dragging={dragging} aria-label="Share files">
      <DropIcon />
      <h2>{dragging ? 'Let go to share' : 'Drop files anywhere on this page'}</h2>
      <div className="buttons">
        <button
          type="button"
          className="primary"
          disabled={disabled}
          onClick={() => fileInput.current?.click()}
        >
          Choose files
        </button>
        <button type="button" disabled={disabled} onClick={() => folderInput.current?.click()}>
          Choose a folder
        </button>
      </div>
      <input
        ref={fileInput}
        type="file"
        multiple
        hidden
        aria-label="Files to share"
        data-testid="file-input"
        disabled={disabled}
        onChange={onChosen}
      />
      <input
        ref={folderInput}
        type="file"
        multiple
        hidden
        // @ts-expect-error -- React's types lack the attribute that every browser has
        webkitdirectory=""
        aria-label="Folder to share"
        data-testid="folder-input"
        disabled={disabled}
        onChange={onChosen}
      />
      <fieldset className="visibility" aria-describedby={hintId}>
        <legend className="visually-hidden">Who can read it</legend>
        {CHOICES.map(({ value, label }) => (
          <label key={value} className="visibility-choice" data-testid={`visibility-${value}`}>
            <input
              type="radio"
              name="visibility"
              value={value}
              checked={visibility === value}
              onChange={() => onVisibility(value)}
            />
            {label}
          </label>
        ))}
      </fieldset>
      <p id={hintId} className="hint">
        {CHOICES.find(({ value }) => value === visibility)?.hint} A copy is kept in this browser until you
        remove it.
      </p>
      {error !== undefined && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}
