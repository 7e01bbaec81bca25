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
  const booted = boot(book.log);
  const ready = booted.then((page) => page.node);
  window.tabswarm = createScripting(ready, () => node, book);
  root.render(<App page={undefined} />);
  booted.then(
    (page) => {
      ({ node } = page);
      root.render(<App page={page} />);
    },
    (cause: unknown) => {
      root.render(<FailedToStart reason={cause instanceof Error ? cause.message : String(cause)} />);
    },
  );
} else root.render(<FailedToStart reason={missing} />);
