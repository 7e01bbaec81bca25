import { useCallback, useEffect, useState } from 'react';

export const VIEWS = ['files', 'network'] as const;
export type View = (typeof VIEWS)[number];

/**
 * Which view is open. It stands in the entry of the browser's history, so that Back and Reload do what one expects; the
 * address itself stays as it is, since what follows its `#` is a link.
 */
export function useView(): [View, (view: View) => void] {
  const [view, setView] = useState(currentView);
  useEffect(() => {
    const onPopState = (): void => setView(currentView());
    window.addEventListener('popstate', onPopState);
    return () => window.removeEventListener('popstate', onPopState);
  }, []);
  const open = useCallback((next: View) => {
    if (next !== currentView()) window.history.pushState({ view: next }, '');
    setView(next);
  }, []);
  return [view, open];
}

function currentView(): View {
  const state: unknown = window.history.state;
  const named = typeof state === 'object' && state !== null && 'view' in state ? state.view : undefined;
  return VIEWS.find((view) => view === named) ?? 'files';
}
