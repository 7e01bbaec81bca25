import { systemClock, systemRandom, type Log } from '@tabswarm/base';
import { openNode, type Node } from '@tabswarm/node';
import { currentPlace, readConfiguration } from './configuration.ts';
import { openResources } from './resources/open-resources.ts';
import type { Resources } from './resources/resources.ts';
import { createInterruptions } from './save/interruptions.ts';
import { pageDownloads } from './save/page-downloads.ts';
import { pagePickers } from './save/pickers.ts';
import { createSaves, type Saves } from './save/saves.ts';
import { isNeeded, keepAwake, pageStaying } from './staying.ts';
import { createTabClock, documentPage, startWorkerBeat } from './tab-clock.ts';
import { connectVault } from './vault-client.ts';

/** What Tabswarm cannot do without, in words for the person whose browser lacks it. */
export function missingFeature(): string | undefined {
  if (!window.isSecureContext) return 'This page must be opened over https:// (or on localhost).';
  if (typeof RTCPeerConnection === 'undefined')
    return 'This browser has WebRTC turned off, which tabs are linked by.';
  if (typeof indexedDB === 'undefined')
    return 'This browser has no IndexedDB, where received parts are kept.';
  if (typeof navigator.locks === 'undefined') return 'This browser is too old: it has no Web Locks.';
  return undefined;
}

/** What the page shows and works with. */
export interface Booted {
  readonly node: Node;
  readonly resources: Resources;
  readonly saves: Saves;
}

/** The node of this tab, started. Rejects with an error whose message is for people. */
export async function boot(log: Log): Promise<Booted> {
  const [configuration] = await Promise.all([readConfiguration(log, currentPlace()), checkKeys()]);
  const worker = new Worker(new URL('./vault.worker.ts', import.meta.url), { type: 'module', name: 'vault' });
  const site = new URL('.', document.baseURI).href;
  const clock = createTabClock({ clock: systemClock, page: documentPage, startBeat: startWorkerBeat });
  const resources = openResources({ clock, random: systemRandom });
  const node = await openNode(
    {
      vault: connectVault(worker),
      clock,
      random: systemRandom,
      log,
      locks: navigator.locks,
      storage: navigator.storage,
      localStorage: () => localStorage,
      connectSocket: (url) => new WebSocket(url),
    },
    { site, ...configuration },
  );
  await node.start();
  // Peers learn at once that this tab goes, instead of after the silence limit.
  window.addEventListener('pagehide', () => void node.stop());
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void node.start();
  });
  // A page that comes back into view, or onto a network, may have been away for as long as one likes.
  window.addEventListener('online', () => node.wake());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') node.wake();
  });
  const saves = createSaves({
    resources,
    downloads: pageDownloads,
    pickers: pagePickers(window),
    interruptions: createInterruptions(window.sessionStorage),
    locks: navigator.locks,
    random: systemRandom,
    clock,
  });
  keepAwake(node.snapshot, pageStaying(), log);
  // What is being saved would have to be begun again, and others may be waiting for what is only here.
  window.addEventListener('beforeunload', (event) => {
    const isSaving = saves.views.get().some(({ status }) => status.state === 'saving');
    if (isSaving || isNeeded(node.snapshot.get())) event.preventDefault();
  });
  return { node, resources, saves };
}

/** Ed25519 came late to some browsers, and nothing works without. */
async function checkKeys(): Promise<void> {
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  } catch (cause) {
    throw new Error(
      'This browser is too old: it cannot make the keys (Ed25519) that tabs prove themselves with.',
      {
        cause,
      },
    );
  }
}
