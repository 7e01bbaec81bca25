import type { Node, Root, TransferView } from '@tabswarm/node';
import { useCallback, useEffect, useRef, useState } from 'react';

/** Shown at a time: some thousand lines, which a browser lays out at once. */
const PAGE_BYTES = 256 * 1024;

export interface ShownText {
  readonly text: string;
  readonly state: 'reading' | 'more' | 'end' | 'failed';
  /** Reads on, where there is more. */
  readOn(): void;
}

/** A file as text, from its beginning, a page at a time. */
export function useText(node: Node, root: Root, { path, length }: TransferView['files'][number]): ShownText {
  const [text, setText] = useState('');
  const [state, setState] = useState<ShownText['state']>('reading');
  const [pages, setPages] = useState(1);
  const decoder = useRef<TextDecoder>(undefined);
  const place = path.join('/');

  useEffect(() => {
    const over = new AbortController();
    const range = { start: (pages - 1) * PAGE_BYTES, end: Math.min(length, pages * PAGE_BYTES) };
    const read = async (): Promise<void> => {
      const reader = node.stream(root, place.split('/'), { ...range, signal: over.signal }).getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        decoder.current ??= new TextDecoder(encodingOf(next.value));
        const more = decoder.current.decode(next.value, { stream: true });
        setText((shown) => shown + more);
      }
      setState(range.end < length ? 'more' : 'end');
    };
    read().catch(() => {
      if (!over.signal.aborted) setState('failed');
    });
    return () => over.abort();
  }, [node, root, place, length, pages]);

  const readOn = useCallback(() => {
    setState('reading');
    setPages((read) => read + 1);
  }, []);
  return { text, state, readOn };
}

/** As its first bytes say; nearly all text is UTF-8, and says nothing. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
