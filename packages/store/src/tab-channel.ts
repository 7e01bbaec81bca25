import { createListeners, type Unsubscribe } from '@tabswarm/base';

/** A way to tell the other tabs of this browser something. A tab does not hear itself. */
export interface TabChannel {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): Unsubscribe;
  close(): void;
}

/** The browser's BroadcastChannel of that name. */
export function openTabChannel(name: string): TabChannel {
  const channel = new BroadcastChannel(name);
  const messages = createListeners<unknown>();
  channel.addEventListener('message', (event: MessageEvent<unknown>) => messages.emit(event.data));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a channel has none
    post: (message) => channel.postMessage(message),
    onMessage: (listener) => messages.subscribe(listener),
    close: () => channel.close(),
  };
}

/** Tabs in one process: every channel that `open` returns hears the others. */
export function createMemoryTabs(): { open(): TabChannel } {
  const tabs = new Set<(message: unknown) => void>();
  return {
    open() {
      const messages = createListeners<unknown>();
      const hear = (message: unknown): void => messages.emit(message);
      tabs.add(hear);
      return {
        post(message) {
          for (const tab of tabs) {
            const copy: unknown = structuredClone(message);
            if (tab !== hear) queueMicrotask(() => tabs.has(tab) && tab(copy));
          }
        },
        onMessage: (listener) => messages.subscribe(listener),
        close: () => {
          tabs.delete(hear);
        },
      };
    },
  };
}
