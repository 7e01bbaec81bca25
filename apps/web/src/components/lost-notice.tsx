import type { Node, Problem } from '@tabswarm/node';

/** Says that the browser has cleared away what was kept here. */
export function LostNotice({ node, lost }: { readonly node: Node; readonly lost: Problem }) {
  return (
    <div className="notice lost-notice" role="alert" data-testid="lost-notice">
      <p>
        {lost.message} {lost.advice}
      </p>
      <button type="button" onClick={() => node.dismissLost()}>
        Understood
      </button>
    </div>
  );
}
