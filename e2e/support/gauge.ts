import type { CDPSession, Page } from 'playwright/test';

/*
 * What a tab costs: how many peer connections it has made, and how much memory it holds once everything that nobody
 * refers to any more has been collected.
 */
interface CountedWindow extends Window {
  peerConnectionsMade: number;
}

export interface Reading {
  /** Bytes that the page holds: objects and strings, the DOM and WebRTC wrappers behind them, buffers. */
  readonly memory: number;
  /** Bytes of what the engine makes of the page's source: the longer it runs, the more of it is worth compiling. */
  readonly code: number;
  /** Peer connections that are not collected. */
  readonly connections: number;
  /** As the browser counts them in this page. */
  readonly nodes: number;
  readonly listeners: number;
}

/** As much of a heap snapshot as is looked at: the nodes stand side by side, so many numbers each. */
interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
}

/** To be called before the page is opened. */
export async function countConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = globalThis as unknown as CountedWindow;
    counted.peerConnectionsMade = 0;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        counted.peerConnectionsMade += 1;
      }
    };
  });
}

/** Since the page was loaded. */
export function connectionsMade(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as CountedWindow).peerConnectionsMade);
}

/** Collects what nobody refers to any more, and measures the rest. */
export async function readGauge(page: Page): Promise<Reading> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send('Performance.enable');
    const connections = await countAlive(session, 'RTCPeerConnection.prototype');
    const { memory, code } = await weigh(session);
    const { metrics } = await session.send('Performance.getMetrics');
    const metric = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    return { memory, code, connections, nodes: metric('Nodes'), listeners: metric('JSEventListeners') };
  } finally {
    await session.detach();
  }
}

/** How many objects there are in the page that inherit from this one. The browser collects before it counts. */
async function countAlive(session: CDPSession, prototype: string): Promise<number> {
  const objectGroup = 'gauge';
  const { result } = await session.send('Runtime.evaluate', { expression: prototype, objectGroup });
  const prototypeObjectId = result.objectId ?? '';
  const { objects } = await session.send('Runtime.queryObjects', { prototypeObjectId, objectGroup });
  const { result: length } = await session.send('Runtime.callFunctionOn', {
    functionDeclaration: 'function () { return this.length; }',
    objectId: objects.objectId ?? '',
    returnByValue: true,
  });
  await session.send('Runtime.releaseObjectGroup', { objectGroup });
  return Number(length.value);
}

async function weigh(session: CDPSession): Promise<{ memory: number; code: number }> {
  // What one collection finalizes, such as a closed connection, can free more for the next.
  for (let round = 0; round < 3; round += 1) await session.send('HeapProfiler.collectGarbage');
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  const { snapshot, nodes } = JSON.parse(chunks.join('')) as HeapSnapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const typeAt = fields.indexOf('type');
  const sizeAt = fields.indexOf('self_size');
  const codeType = types[0].indexOf('code');
  let memory = 0;
  let code = 0;
  for (let at = 0; at < nodes.length; at += fields.length) {
    const size = nodes[at + sizeAt] ?? 0;
    if (nodes[at + typeAt] === codeType) code += size;
    else memory += size;
  }
  return { memory, code };
}
