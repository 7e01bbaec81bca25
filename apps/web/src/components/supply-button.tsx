import type { SourceFile } from '@tabswarm/node';
import { useRef, type ChangeEvent } from 'react';
import { sourceFiles } from '../dropped-files.ts';

/** For somebody who has the files of a share already: they need not be fetched, and are served from here. */
export function SupplyButton({
  name,
  onFiles,
}: {
  readonly name: string;
  readonly onFiles: (files: readonly SourceFile[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);

  const onChosen = (event: ChangeEvent<HTMLInputElement>): void => {
    const { files } = event.target;
    if (files && files.length > 0) onFiles(sourceFiles(files));
    // So that the same files can be chosen again.
    event.target.value = '';
  };

  return (
    <>
      <button
        type="button"
        data-testid="supply-button"
        title="Choose them, and they are checked and served instead of downloaded"
        aria-label={`I have the files of ${name}`}
        onClick={() => input.current?.click()}
      >
        I have the files
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={`Files of ${name}`}
        data-testid="supply-input"
        onChange={onChosen}
      />
    </>
  );
}
