import type { Limits, Node } from '@tabswarm/node';
import { useId, useState, type FormEvent } from 'react';
import { readRate, writeRate } from '../rate-text.ts';

/** How fast this tab may send and receive. */
export function LimitsPanel({ node, limits }: { readonly node: Node; readonly limits: Limits }) {
  return (
    <section className="limits" aria-label="Speed limits">
      <LimitField
        label="Limit upload"
        testId="limit-up"
        value={limits.up}
        onChange={(up) => node.setLimits({ ...limits, up })}
      />
      <LimitField
        label="Limit download"
        testId="limit-down"
        value={limits.down}
        onChange={(down) => node.setLimits({ ...limits, down })}
      />
    </section>
  );
}

interface LimitFieldProps {
  readonly label: string;
  readonly testId: string;
  /** Bytes per second. */
  readonly value: number | undefined;
  readonly onChange: (bytesPerSecond: number | undefined) => void;
}

function LimitField({ label, testId, value, onChange }: LimitFieldProps) {
  /** What is being written; otherwise the field says what holds, also when a script or another tab has set it. */
  const [draft, setDraft] = useState<string>();
  const [error, setError] = useState<string>();
  const inputId = useId();
  const hintId = useId();

  const commit = (): void => {
    if (draft === undefined) return;
    const rate = readRate(draft);
    if ('error' in rate) {
      setError(rate.error);
      return;
    }
    setError(undefined);
    setDraft(undefined);
    if (rate.bytesPerSecond !== value) onChange(rate.bytesPerSecond);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    commit();
  };

  return (
    <form className="limit" onSubmit={submit}>
      <label htmlFor={inputId}>{label}</label>
      <span className="limit-value">
        <input
          id={inputId}
          type="text"
          inputMode="decimal"
          enterKeyHint="done"
          autoComplete="off"
          value={draft ?? writeRate(value)}
          placeholder="no limit"
          data-testid={testId}
          aria-invalid={error !== undefined}
          aria-describedby={hintId}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={commit}
        />
        <span id={hintId} className="limit-unit">
          KB/s
        </span>
      </span>
      {error !== undefined && (
        <p className="error" role="alert" data-testid={`${testId}-error`}>
          {error}
        </p>
      )}
    </form>
  );
}
