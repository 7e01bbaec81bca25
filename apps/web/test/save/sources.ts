import type { SourceFile } from '../../src/save/source.ts';

/** A file to save whose bytes the test gives out; what becomes of the reader can be seen. */
export interface TestSource extends SourceFile {
  /** Gives out the next part. */
  give(text: string): void;
  end(): void;
  fail(cause: Error): void;
  readonly state: { opened: number; taken: number; left: boolean };
}

export function createSource(path: string, length: number): TestSource {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const state = { opened: 0, taken: 0, left: false };
  const waiting: (() => void)[] = [];
  const when = (act: () => void): void => {
    if (controller) act();
    else waiting.push(act);
  };
  return {
    path: path.split('/'),
    length,
    type: 'text/plain',
    state,
    open({ signal }) {
      state.opened += 1;
      const stream = new ReadableStream<Uint8Array>({
        start(made) {
          controller = made;
          for (const act of waiting.splice(0)) act();
          signal.addEventListener('abort', () => {
            state.left = true;
            made.error(signal.reason);
          });
        },
        cancel() {
          state.left = true;
        },
      });
      return stream;
    },
    give: (text) =>
      when(() => {
        controller?.enqueue(new TextEncoder().encode(text));
        state.taken += 1;
      }),
    end: () => when(() => controller?.close()),
    fail: (cause) => when(() => controller?.error(cause)),
  };
}

/** A file that is all there. */
export function textSource(path: string, text: string): TestSource {
  const source = createSource(path, new TextEncoder().encode(text).byteLength);
  if (text !== '') source.give(text);
  source.end();
  return source;
}
