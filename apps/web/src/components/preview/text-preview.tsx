import type { Node, Root, TransferView } from '@tabswarm/node';
import { useText } from '../../preview/use-text.ts';

export interface TextPreviewProps {
  readonly node: Node;
  readonly root: Root;
  readonly file: TransferView['files'][number];
}

/** The letters of a file, and nothing that they might mean to a browser. */
export function TextPreview({ node, root, file }: TextPreviewProps) {
  const { text, state, readOn } = useText(node, root, file);
  return (
    <>
      {/* Scrolled with the keys, which takes the focus. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as just said */}
      <pre tabIndex={0} dir="auto" data-testid="preview-text" aria-label={file.path.at(-1)}>
        {text}
      </pre>
      {state === 'reading' && text === '' && <p className="hint">Opening …</p>}
      {state === 'more' && (
        <button type="button" className="quiet" onClick={readOn}>
          Show more
        </button>
      )}
      {state === 'failed' && (
        <p className="error" role="alert">
          The rest of this file cannot be read. Close the preview and open it again.
        </p>
      )}
    </>
  );
}
