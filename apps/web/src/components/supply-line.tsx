import type { Node, SupplyView } from '@tabswarm/node';
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

  return (
    <div className="supply" data-testid="supply-status" data-state={status.state} data-progress={progress}>
      <div className="supply-line">
        <output>
          {paused ? 'Checking your files is paused at' : 'Checking your files:'} {formatPercent(progress)}
        </output>
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
