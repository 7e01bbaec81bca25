import { useId, useState, type FormEvent } from 'react';

export interface LinkBoxProps {
  readonly disabled: boolean;
  readonly error: string | undefined;
  /** Resolves to whether the link was understood. */
  readonly onSubmit: (text: string, options: { choose: boolean }) => Promise<boolean>;
}

export function LinkBox({ disabled, error, onSubmit }: LinkBoxProps) {
  const [text, setText] = useState('');
  const [choose, setChoose] = useState(false);
  const inputId = useId();
  const errorId = useId();

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void onSubmit(text, { choose }).then((understood) => {
      if (understood) setText('');
    });
  };

  return (
    <form className="card link-box" onSubmit={submit} aria-label="Download">
      <label htmlFor={inputId}>
        <h2>Got a link?</h2>
      </label>
      <div className="link-box-row">
        <input
          id={inputId}
          type="text"
          value={text}
          placeholder="Paste it here"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          data-testid="link-input"
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : errorId}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="primary" disabled={disabled} data-testid="download-button">
          Download
        </button>
      </div>
      <div className="link-box-row link-box-foot">
        <p className="hint">A whole link, a magnet or a 64-digit hash; or drop a torrent file (v2).</p>
        <label className="check">
          <input
            type="checkbox"
            checked={choose}
            data-testid="choose-first"
            onChange={(event) => setChoose(event.target.checked)}
          />
          Choose files first
        </label>
      </div>
      {error !== undefined && (
        <p id={errorId} className="error" role="alert" data-testid="link-error">
          {error}
        </p>
      )}
    </form>
  );
}
