import type { LookupTrace } from '@tabswarm/node';
import type { CSSProperties } from 'react';
import { bentPath, pointAt, turnOf, type Point } from '../network/geometry.ts';
import { wayKey, wayOf } from '../network/lookup-text.ts';
import { shortId } from '../network/nearness.ts';
import { hopStyle } from '../network/playing.ts';

export interface LookupWaysProps {
  readonly self: string;
  readonly lookup: LookupTrace;
  readonly radius: number;
  /** Tabs that are drawn anyway. */
  readonly drawn: ReadonlySet<string>;
}

/** A lookup drawn on the ring: its ways hop by hop, in the order in which it asked. */
export function LookupWays({ self, lookup, radius, drawn }: LookupWaysProps) {
  const at = (id: string) => pointAt(turnOf(self, id), radius);
  const stops = new Set(lookup.paths.flatMap((path) => wayOf(path)).filter((id) => !drawn.has(id)));
  const nearest = lookup.nearest.filter((id) => id !== self);
  return (
    <g className="lookup-ways">
      {lookup.paths.map((path, index) => {
        const way = [self, ...wayOf(path)];
        return (
          <g key={wayKey(lookup.paths, path)} data-outcome={path.outcome}>
            {way.slice(1).map((to, hop) => (
              <path
                key={to}
                className="lookup-hop"
                d={bentPath(at(way[hop] ?? self), at(to), radius)}
                pathLength="1"
                style={hopStyle(index, hop)}
              />
            ))}
            {path.outcome === 'failed' && <Cross at={at(path.asked)} style={hopStyle(index, 1)} />}
          </g>
        );
      })}
      {[...stops].map((id) => {
        const { x, y } = at(id);
        return (
          <circle key={id} className="lookup-stop" cx={x} cy={y} r="5">
            <title>{`${shortId(id)}: not linked to you`}</title>
          </circle>
        );
      })}
      {nearest.map((id, index) => {
        const { x, y } = at(id);
        const style = hopStyle(lookup.paths.length, index / 4);
        return <circle key={id} className="lookup-nearest" cx={x} cy={y} r="12" style={style} />;
      })}
    </g>
  );
}

/** The place that is looked for: above everything else, since it may be where a tab is. */
export function LookupGoal({ at: { x, y } }: { readonly at: Point }) {
  return (
    <path className="lookup-goal" d={`M${x} ${y - 11}l9 11l-9 11l-9 -11z`}>
      <title>The place that is looked for</title>
    </path>
  );
}

function Cross({ at: { x, y }, style }: { readonly at: Point; readonly style: CSSProperties }) {
  return <path className="lookup-cross" d={`M${x - 6} ${y - 6}l12 12m0 -12l-12 12`} style={style} />;
}
