import { createRoot } from 'react-dom/client';
import { boot, missingFeature } from './boot.ts';
import { App } from './app.tsx';
import { FailedToStart } from './components/failed-to-start.tsx';
import { createLogBook } from './log-book.ts';
import { createScripting } from './scripting.ts';
import type { Node } from '@tabswarm/node';
import './styles/index.css';

const container = document.querySelector('#root');
if (!container) throw new Error('the page has no #root');
const root = createRoot(container);
const book = createLogBook();

const missing = missingFeature();
if (missing === undefined) {
  let node: Node | undefined;
  const ready = boot(book.log);
  window.tabswarm = createScripting(ready, () => node, book);
  root.render(<App node={undefined} />);
  ready.then(
    (started) => {
      node = started;
      root.render(<App node={started} />);
    },
    (cause: unknown) => {
      root.render(<FailedToStart reason={cause instanceof Error ? cause.message : String(cause)} />);
    },
  );
} else root.render(<FailedToStart reason={missing} />);
