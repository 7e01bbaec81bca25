import { RESOURCE_PATH, type AskMessage, type ResourceFacts, type SourceMessage } from './messages.ts';
import type { WorkerClient, WorkerScope } from './scope.ts';

/** A page that has time answers in milliseconds; one that is frozen does not at all. */
const ANSWER_LIMIT_MS = 5_000;

/** A resource that a page has, and the way to its bytes. */
export interface Found {
  readonly facts: ResourceFacts;
  readonly port: MessagePort;
  /** The page's id. */
  readonly client: string;
}

/** Asks all pages of this site whose resource it is. `silent`: nobody has it, but not everybody has answered. */
export async function findResource(
  { clients, registration }: WorkerScope,
  id: string,
): Promise<Found | 'unknown' | 'silent'> {
  const pages = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const shown = new URL(RESOURCE_PATH, registration.scope).href;
  // What is shown in a frame is a client as well, and has nothing to say.
  const asked = pages.filter(({ url }) => !url.startsWith(shown)).map((page) => ask(page, id));
  return new Promise((resolve) => {
    for (const answer of asked) {
      void answer.then((found) => {
        if (typeof found !== 'string') resolve(found);
      });
    }
    void Promise.all(asked).then((answers) => resolve(answers.includes('silent') ? 'silent' : 'unknown'));
  });
}

function ask(page: WorkerClient, id: string): Promise<Found | 'unknown' | 'silent'> {
  const { port1: port, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const giveUp = (outcome: 'unknown' | 'silent'): void => {
      port.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => giveUp('silent'), ANSWER_LIMIT_MS);
    port.addEventListener(
      'message',
      ({ data }: MessageEvent<SourceMessage>) => {
        clearTimeout(timer);
        if (data.type === 'here') resolve({ facts: data.facts, port, client: page.id });
        else giveUp('unknown');
      },
      { once: true },
    );
    port.start();
    page.postMessage({ type: 'ask', id } satisfies AskMessage, [port2]);
  });
}
