import { useRef, type KeyboardEvent } from 'react';
import { VIEWS, type View } from '../use-view.ts';

const LABELS: Readonly<Record<View, string>> = { files: 'Files', network: 'Network' };
/** How far each key goes, as in every list of tabs (ARIA Authoring Practices, "Tabs"). */
const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  Home: -Infinity,
  End: Infinity,
};

export function viewTabId(view: View): string {
  return `${view}-tab`;
}

export function viewPanelId(view: View): string {
  return `${view}-view`;
}

/** Switches between the views: one stop of the Tab key, and arrows in between. */
export function ViewTabs({ view, onView }: { readonly view: View; readonly onView: (view: View) => void }) {
  const buttons = useRef(new Map<View, HTMLButtonElement>());

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const wanted = VIEWS.indexOf(view) + step;
    const last = VIEWS.length - 1;
    const next = VIEWS[Number.isFinite(step) ? (wanted + VIEWS.length) % VIEWS.length : step > 0 ? last : 0];
    if (!next) return;
    onView(next);
    buttons.current.get(next)?.focus();
  };

  return (
    <div className="view-tabs" role="tablist" aria-label="Views">
      {VIEWS.map((one) => (
        <button
          key={one}
          ref={(button) => {
            if (button) buttons.current.set(one, button);
          }}
          type="button"
          role="tab"
          id={viewTabId(one)}
          aria-selected={one === view}
          aria-controls={viewPanelId(one)}
          tabIndex={one === view ? 0 : -1}
          data-testid={`${one}-button`}
          onClick={() => onView(one)}
          onKeyDown={onKeyDown}
        >
          {LABELS[one]}
        </button>
      ))}
    </div>
  );
}
