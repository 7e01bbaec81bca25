import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';

/** The second tap of two quick ones answers nothing. */
const DOUBLE_TAP_MS = 400;

export interface RemoveQuestionProps {
  readonly name: string;
  readonly onRemove: () => void;
  readonly onKeep: () => void;
}

/** What is removed is gone, so one is asked; in the row itself, where the button was. */
export function RemoveQuestion({ name, onRemove, onKeep }: RemoveQuestionProps) {
  const textId = useId();
  const keep = useRef<HTMLButtonElement>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    keep.current?.focus();
    const timer = setTimeout(() => setReady(true), DOUBLE_TAP_MS);
    return () => clearTimeout(timer);
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onKeep();
  };

  return (
    <fieldset className="buttons transfer-buttons remove-question" aria-labelledby={textId}>
      <p id={textId}>Remove it, with what this browser keeps of it? What you saved stays.</p>
      <button
        type="button"
        className="primary"
        disabled={!ready}
        aria-label={`Yes, remove ${name}`}
        onClick={onRemove}
        onKeyDown={onKeyDown}
      >
        Remove
      </button>
      <button type="button" ref={keep} aria-label={`Keep ${name}`} onClick={onKeep} onKeyDown={onKeyDown}>
        Keep
      </button>
    </fieldset>
  );
}
