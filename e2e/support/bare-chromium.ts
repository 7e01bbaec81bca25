import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { CHROMIUM_FLAGS } from './chromium-flags.ts';

/*
 * A Chromium whose tabs are hidden when another one is in front. Playwright makes every page that it drives believe to be
 * in view (Emulation.setFocusEmulationEnabled), so this speaks the DevTools protocol itself, over a pipe.
 */
export interface BareChromium {
  /** A tab in a window and profile of its own. */
  openTab(url: string): Promise<BareTab>;
  close(): Promise<void>;
}

export interface BareTab {
  /** Puts another tab in front of it. */
  hide(): Promise<void>;
  show(): Promise<void>;
  /** The value of an expression, of which a promise is awaited. Throws where it does. */
  evaluate<T>(expression: string): Promise<T>;
  /** Asks again until the expression holds. */
  waitFor(expression: string): Promise<void>;
}

/** Those that keep hidden tabs awake are not what people have. */
const KEEPS_AWAKE =
  /^--disable-(background-timer-throttling|backgrounding-occluded-windows|renderer-backgrounding)$/;
const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 50;

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

type Send = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>;

export async function launchBareChromium(executablePath: string): Promise<BareChromium> {
  const profile = await mkdtemp(join(tmpdir(), 'tabswarm-chromium-'));
  const flags = CHROMIUM_FLAGS.filter((flag) => !KEEPS_AWAKE.test(flag));
  const child = spawn(
    executablePath,
    ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${profile}`, ...flags, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const send = speak(child.stdio[3] as Writable, child.stdio[4] as Readable);
  return {
    async openTab(url) {
      const { browserContextId } = await send('Target.createBrowserContext');
      const open = async (address: string): Promise<string> =>
        (await send('Target.createTarget', { url: address, browserContextId }))['targetId'] as string;
      const [target, other] = [await open(url), await open('about:blank')];
      const tab = await driveTab(send, { target, other });
      await tab.show();
      return tab;
    },
    async close() {
      const exited = once(child, 'exit');
      await send('Browser.close');
      await exited;
      await rm(profile, { recursive: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Messages in both directions end with a zero byte. */
function speak(out: Writable, incoming: Readable): Send {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  let rest = '';
  incoming.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer;
      if (answer.id === undefined) continue;
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    }
  });
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      waiting.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
      out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
}

async function driveTab(
  send: Send,
  { target, other }: { readonly target: string; readonly other: string },
): Promise<BareTab> {
  const { sessionId } = await send('Target.attachToTarget', { targetId: target, flatten: true });
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true },
      sessionId as string,
    )) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? expression);
    return result.value;
  };
  const waitFor = async (expression: string): Promise<void> => {
    const until = Date.now() + WAIT_LIMIT_MS;
    while (!(await evaluate<boolean>(expression))) {
      if (Date.now() > until) throw new Error(`in vain waited for ${expression}`);
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  };
  const become = async (front: string, state: 'hidden' | 'visible'): Promise<void> => {
    await send('Target.activateTarget', { targetId: front });
    await waitFor(`document.visibilityState === '${state}'`);
  };
  return {
    evaluate,
    waitFor,
    hide: () => become(other, 'hidden'),
    show: () => become(target, 'visible'),
  };
}
