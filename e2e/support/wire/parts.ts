import type { Page } from 'playwright';

/** A message on a bulk channel of a page: a part of an answer (rule EX9). */
interface PartNote {
  /** By the page's clock, as in `performance.now()`. */
  readonly at: number;
  readonly channel: number;
  readonly request: number;
  readonly total: number;
  readonly bytes: number;
  /** How the answer begins, where this is its beginning. */
  readonly head?: string;
}

interface PartsWindow extends Window {
  parts: PartNote[];
}

/** What came of answers over a page's links, and what of that was of use. */
export interface Useful {
  /** Bytes of all answers that came whole, those that came twice counted once. */
  readonly bytes: number;
  /**
   * Those of them that came between two times of the page's clock. A part comes evenly from the moment of the one before
   * it on that channel to its own, so nothing depends on where the edges of blocks and parts lie.
   */
  between(from: number, to: number): number;
}

/** Has the page note what comes. To be called before it is opened. */
export async function noteParts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const HEADER_BYTES = 12;
    const HEAD_BYTES = 16;
    const scope = globalThis as unknown as PartsWindow;
    scope.parts = [];
    let channels = 0;
    const { prototype } = RTCPeerConnection;
    const create = prototype.createDataChannel;
    prototype.createDataChannel = function (this: RTCPeerConnection, ...args) {
      const made = create.apply(this, args);
      if (args[0] !== 'bulk') return made;
      channels += 1;
      const channel = channels;
      made.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
        const header = new DataView(data);
        const head = new Uint8Array(data.slice(HEADER_BYTES, HEADER_BYTES + HEAD_BYTES));
        scope.parts.push({
          at: performance.now(),
          channel,
          request: header.getUint32(0),
          total: header.getUint32(4),
          bytes: data.byteLength - HEADER_BYTES,
          ...(header.getUint32(8) === 0 ? { head: head.join() } : {}),
        });
      });
      return made;
    };
  });
}

/** To be asked when the download is complete: what is not whole then was of no use. */
export async function usefulParts(page: Page): Promise<Useful> {
  const parts = await page.evaluate(() => (globalThis as unknown as PartsWindow).parts);
  const answers = new Map<string, PartNote[]>();
  /** From when on a part was on its way. */
  const since = new Map<PartNote, number>();
  const last = new Map<number, number>();
  const heads = new Set<string>();
  const useful: PartNote[] = [];
  for (const part of parts) {
    since.set(part, last.get(part.channel) ?? part.at);
    last.set(part.channel, part.at);
    const name = `${part.channel} ${part.request}`;
    const answer = [...(answers.get(name) ?? []), part];
    answers.set(name, answer);
    if (sum(answer) < part.total) continue;
    // Who asks several for one block takes the first.
    const head = answer.map((one) => one.head).join('');
    if (heads.has(head)) continue;
    heads.add(head);
    useful.push(...answer);
  }
  return {
    bytes: sum(useful),
    between(from, to) {
      let all = 0;
      for (const part of useful) {
        const start = since.get(part) ?? part.at;
        if (start === part.at) all += part.at > from && part.at <= to ? part.bytes : 0;
        else {
          const inside = Math.min(to, part.at) - Math.max(from, start);
          all += (Math.max(0, inside) * part.bytes) / (part.at - start);
        }
      }
      return all;
    },
  };
}

function sum(parts: readonly PartNote[]): number {
  return parts.reduce((all, { bytes }) => all + bytes, 0);
}
