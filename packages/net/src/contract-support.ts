import type { Link } from './link.ts';
import type { Transport } from './transport.ts';

/** What the factory of a contract run hands over. */
export interface TransportFixture {
  readonly transports: readonly Transport[];
  /** Stops all of it. Called after every test, also where the test stopped some of the transports itself. */
  stop(): Promise<void>;
}

export interface ContractWorld {
  readonly a: Transport;
  readonly b: Transport;
  readonly c: Transport;
}

/** Real connections take seconds on a busy machine; this only bounds a failing test. */
const PATIENCE_MS = 60_000;
const POLL_MS = 5;

/** Repeats `check` until it stops throwing. */
export async function eventually(check: () => void): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      check();
      return;
    } catch (cause) {
      if (Date.now() > until) throw cause;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_MS);
    });
  }
}

/** The links that a transport announces from now on. */
export function collectLinks(transport: Transport): readonly Link[] {
  const links: Link[] = [];
  transport.onLink((link) => links.push(link));
  return links;
}

/** The link between two transports, from either end. */
export async function linkedPair(from: Transport, to: Transport): Promise<{ near: Link; far: Link }> {
  const near = await from.dial(to.self);
  let far: Link | undefined;
  await eventually(() => {
    far = to.link(from.self);
    if (!far) throw new Error('the other side has no link yet');
  });
  return { near, far: far as unknown as Link };
}
