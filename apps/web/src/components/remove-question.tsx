import { useEffect, useId, useRef, type KeyboardEvent } from 'react';

export interface RemoveQuestionProps {
  readonly name: string;
  readonly onRemove: () => void;
  readonly onKeep: () => void;
}

/** What is removed is gone, so one is asked; in the row itself, where the button was. */
export function RemoveQuestion({ name, onRemove, onKeep }: RemoveQuestionProps) {
  const textId = useId();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onKeep();
  };

  return (
    <fieldset className="buttons transfer-buttons remove-question" aria-labelledby={textId}>
      <p id={textId}>Remove it, with what this browser keeps of it? What you saved stays.</p>
      <button
        type="button"
        className="primary"
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
