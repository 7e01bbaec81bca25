import type { Node, SupplyView } from '@tabswarm/node';
import { useLayoutEffect, useRef } from 'react';
import { formatPercent } from '../format.ts';

/** How far the person's own files are checked that a share is supplied with, and how to hold that up or give it up. */
export function SupplyLine({
  node,
  name,
  supply: { id, status, progress },
  act,
}: {
  readonly node: Pick<Node, 'pause' | 'resume' | 'remove'>;
  readonly name: string;
  readonly supply: SupplyView;
  /** Runs what a button does, and tells of a failure. */
  readonly act: (work: Promise<void>) => void;
}) {
  const paused = status.state === 'paused';
  const problem = paused ? status.problem : undefined;
  const label = paused ? 'Resume' : 'Pause';
  const line = useRef<HTMLDivElement>(null);

  // The button that began it has gone, and comes back when this goes: whoever uses the keyboard stays where it was.
  useLayoutEffect(() => {
    const element = line.current;
    const row = element?.closest('li');
    if (document.activeElement === document.body)
      element?.querySelector('button')?.focus({ preventScroll: true });
    return () => {
      if (!element?.contains(document.activeElement)) return;
      queueMicrotask(() =>
        row?.querySelector<HTMLElement>('[data-testid="supply-button"]')?.focus({ preventScroll: true }),
      );
    };
  }, []);

  return (
    <div
      ref={line}
      className="supply"
      data-testid="supply-status"
      data-state={status.state}
      data-progress={progress}
    >
      <div className="supply-line">
        <p>
          {paused ? 'Checking your files is paused at' : 'Checking your files:'} {formatPercent(progress)}
        </p>
        {/* Said when it changes, and not with every percent. */}
        <output className="visually-hidden">{paused ? 'Checking is paused' : 'Checking your files'}</output>
        <span className="buttons">
          <button
            type="button"
            className="quiet"
            aria-label={`${label} checking the files of ${name}`}
            onClick={() => act(paused ? node.resume(id) : node.pause(id))}
          >
            {label}
          </button>
          <button
            type="button"
            className="quiet"
            aria-label={`Stop checking the files of ${name}`}
            onClick={() => act(node.remove(id))}
          >
            Stop
          </button>
        </span>
      </div>
      <progress
        aria-label={`Checked of your files of ${name}`}
        max={1}
        value={progress}
        data-state={status.state}
      />
      {problem && (
        <p className="error" role="alert" data-testid="supply-error">
          {problem.message} {problem.advice}
        </p>
      )}
    </div>
  );
}
