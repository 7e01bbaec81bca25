/*
 * How long it takes from a link that is pasted until the first block of it is here and found right, in a network of four
 * tabs: where the holder is linked to already, as it is in small networks, and where that link is cut just before, so that
 * the holder has to be found and connected to. Beside it the time to open one raw RTCPeerConnection; the three take turns.
 * Fails where either takes more than MAX_RATIO times as long as the raw connection.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { startServer } from '../support/server.ts';
import { makeRandomFile } from './random-file.ts';
import { serveFiles } from './static-server.ts';
import { MIB } from './subject.ts';
import { median } from './table.ts';

const TABS = 4;
const MAX_RATIO = 3;
const FIRST_BLOCK = 'the first block is here';
const PAGE = join(import.meta.dirname, '..', 'bench', 'pages', 'blank.html');

interface NodeWindow extends Window {
  /** Peer connections of the page that are not closed, with their channels. */
  cuttable: Map<RTCPeerConnection, RTCDataChannel[]>;
  benchFile: File;
  tabswarm: {
    share(files: readonly File[], options: object): Promise<{ link: string; root: string }>;
    download(link: string): Promise<object>;
    status(): { nodeId?: string; peers: readonly { id: string }[]; connections: { made: number } };
    log(): readonly { time: string; message: string; fields: Record<string, unknown> }[];
  };
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } });
const runs = Number(values.runs);
if (!(runs >= 1)) {
  console.error('Usage: npm run bench -- first-byte [--runs 7]');
  process.exit(1);
}

const executablePath = process.env['CHROMIUM_PATH'];
const browser = await chromium.launch({
  args: [...CHROMIUM_FLAGS],
  ...(executablePath ? { executablePath } : {}),
});
const server = await startServer();
const blank = await serveFiles({ '/blank.html': PAGE });
try {
  process.exitCode = await compare(browser);
} finally {
  await browser.close();
  await server.stop();
  await blank.close();
}

async function compare(within: Browser): Promise<number> {
  const tabs: Page[] = [];
  for (let made = 0; made < TABS; made += 1) tabs.push(await openTab(within));
  const [holder, asker] = tabs as [Page, Page];
  const between = await within.newContext();
  const raw: [Page, Page] = [await between.newPage(), await between.newPage()];
  for (const page of raw) await page.goto(`${blank.url}/blank.html`);
  const times = { raw: [] as number[], linked: [] as number[], cut: [] as number[] };
  for (let run = 1; run <= runs; run += 1) {
    times.raw.push(await connectRaw(...raw));
    await allLinked(tabs);
    times.linked.push(await firstBlock(holder, asker, { cut: false }));
    await allLinked(tabs);
    times.cut.push(await firstBlock(holder, asker, { cut: true }));
    const last = Object.entries(times).map(([name, all]) => `${name} ${(all.at(-1) ?? 0).toFixed(0)} ms`);
    console.error(`${run}/${runs} ${last.join(', ')}`);
  }
  const base = median(times.raw);
  const rows = [
    ['one raw RTCPeerConnection, opened', times.raw],
    ['pasted to first block, holder linked', times.linked],
    ['pasted to first block, holder to be found and linked', times.cut],
  ] as const;
  console.log(`${TABS} tabs, medians of ${runs}, Chromium ${within.version()}:\n`);
  console.log('| | ms, median | range | x raw |\n|---|---|---|---|');
  for (const [name, all] of rows) {
    const [least, most] = [Math.min(...all), Math.max(...all)].map((ms) => ms.toFixed(0));
    console.log(
      `| ${name} | ${median(all).toFixed(0)} | ${least} to ${most} | ${(median(all) / base).toFixed(2)} |`,
    );
  }
  return Math.max(median(times.linked), median(times.cut)) <= MAX_RATIO * base ? 0 : 1;
}

async function openTab(within: Browser): Promise<Page> {
  const page = await (await within.newContext()).newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.addInitScript(() => {
    const cuttable = new Map<RTCPeerConnection, RTCDataChannel[]>();
    (globalThis as unknown as NodeWindow).cuttable = cuttable;
    const create = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (this: RTCPeerConnection, ...args) {
      const channel = create.apply(this, args);
      cuttable.set(this, [...(cuttable.get(this) ?? []), channel]);
      channel.addEventListener('close', () => cuttable.delete(this));
      return channel;
    };
  });
  await page.goto(server.url);
  await page.waitForFunction(
    () => (globalThis as unknown as Partial<NodeWindow>).tabswarm?.status().nodeId !== undefined,
  );
  return page;
}

async function allLinked(tabs: readonly Page[]): Promise<void> {
  for (const tab of tabs) {
    await tab.waitForFunction(
      (others) => (globalThis as unknown as NodeWindow).tabswarm.status().peers.length === others,
      tabs.length - 1,
      { timeout: 120_000 },
    );
  }
}

/** Shares a new file and pastes its link into the other tab; resolves with the milliseconds until its first block is there. */
async function firstBlock(holder: Page, asker: Page, { cut }: { cut: boolean }): Promise<number> {
  await makeRandomFile(holder, 4 * MIB);
  const share = await holder.evaluate(async () => {
    const { tabswarm, benchFile } = globalThis as unknown as NodeWindow;
    return tabswarm.share([benchFile], { visibility: 'private' });
  });
  const made = async (): Promise<number> =>
    asker.evaluate(() => (globalThis as unknown as NodeWindow).tabswarm.status().connections.made);
  const madeBefore = await made();
  const names = cut ? await connectionNames(holder) : [];
  const ms = await asker.evaluate(
    async ({ link, root, peer, message }) => {
      const { tabswarm, cuttable } = globalThis as unknown as NodeWindow;
      for (const [connection, channels] of [...cuttable]) {
        const theirs = connection.remoteDescription?.sdp.match(/^a=ice-ufrag:(.*)$/m)?.[1]?.trim();
        if (theirs === undefined || !peer.includes(theirs)) continue;
        const closed = channels.map(
          (channel) => new Promise((resolve) => channel.addEventListener('close', resolve, { once: true })),
        );
        for (const channel of channels) channel.close();
        await Promise.all(closed);
      }
      const pastedAt = Date.now();
      await tabswarm.download(link);
      const first = tabswarm
        .log()
        .find((entry) => entry.message === message && entry.fields['root'] === root);
      return Date.parse(first?.time ?? '') - pastedAt;
    },
    { ...share, peer: names, message: FIRST_BLOCK },
  );
  if (cut && (await made()) === madeBefore) throw new Error('the holder was linked all the time');
  return ms;
}

/** By which the other ends of a page's connections know them. */
function connectionNames(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...(globalThis as unknown as NodeWindow).cuttable.keys()].flatMap(
      (connection) => connection.localDescription?.sdp.match(/^a=ice-ufrag:(.*)$/m)?.[1]?.trim() ?? [],
    ),
  );
}

/** What one of two tabs tells the other of its connection. */
interface RawMessage {
  readonly description?: RTCSessionDescriptionInit | null;
  readonly candidate?: RTCIceCandidateInit;
}
interface RawWindow extends Window {
  raw: { readonly opened: Promise<unknown>; offer(): Promise<void>; close(): void };
}

/** Milliseconds until a data channel is open between two tabs, which tell one another everything at once. */
async function connectRaw(offerer: Page, answerer: Page): Promise<number> {
  for (const page of [answerer, offerer]) await page.evaluate(prepareRaw);
  const ms = await offerer.evaluate(async () => {
    const { raw } = globalThis as unknown as RawWindow;
    const startedAt = performance.now();
    await raw.offer();
    await raw.opened;
    return performance.now() - startedAt;
  });
  for (const page of [answerer, offerer]) {
    await page.evaluate(() => (globalThis as unknown as RawWindow).raw.close());
  }
  return ms;
}

/** Runs in the page. The connection is made when it is needed: that is part of what is measured. */
function prepareRaw(): void {
  const line = new BroadcastChannel('raw');
  let connection: RTCPeerConnection | undefined;
  let onOpen!: () => void;
  const opened = new Promise<void>((resolve) => (onOpen = resolve));
  const say = (message: RawMessage): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has one origin
    line.postMessage(message);
  };
  const connect = (): RTCPeerConnection => {
    const made = new RTCPeerConnection();
    made.createDataChannel('raw', { negotiated: true, id: 0 }).addEventListener('open', onOpen);
    made.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) say({ candidate: candidate.toJSON() });
    });
    return made;
  };
  const describe = async (): Promise<void> => {
    await connection?.setLocalDescription();
    say({ description: connection?.localDescription?.toJSON() as RTCSessionDescriptionInit });
  };
  const take = async ({ description, candidate }: RawMessage): Promise<void> => {
    connection ??= connect();
    if (candidate) await connection.addIceCandidate(candidate);
    if (!description) return;
    await connection.setRemoteDescription(description);
    if (description.type === 'offer') await describe();
  };
  // One after the other: candidates are of use only after the description.
  let queue = Promise.resolve();
  line.addEventListener('message', ({ data }: MessageEvent) => {
    queue = queue.then(() => take(data as RawMessage));
  });
  (globalThis as unknown as RawWindow).raw = {
    opened,
    async offer() {
      connection = connect();
      await describe();
    },
    close() {
      connection?.close();
      line.close();
    },
  };
}
