import { makeZip, predictLength } from 'client-zip';
import { placesOf, type FileSet } from './places.ts';
import type { SourceFile } from './source.ts';

/**
 * Several files as one: a ZIP that is made on the way, nothing compressed, larger than 4 GiB where it must be. Its length
 * is known before a byte of it is, so that the browser can tell how far it is.
 */
export function zipOf(set: FileSet): SourceFile {
  const { name, files } = set;
  const entries = placesOf(set).places.map(({ path }, i) => ({
    name: path.join('/'),
    size: files[i]?.length ?? 0,
  }));
  return {
    path: [`${name}.zip`],
    length: Number(predictLength(entries)),
    type: 'application/zip',
    open({ signal }) {
      const over = new AbortController();
      const joined = AbortSignal.any([signal, over.signal]);
      const zip = makeZip(inputsOf(files, entries, joined)).getReader();
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await zip.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel(reason) {
          over.abort(reason);
          // It throws the reason into what makes the files, and that comes back here.
          await zip.cancel(reason).catch(() => undefined);
        },
      });
    },
  };
}

/** Each file is opened when its turn comes. */
async function* inputsOf(
  files: readonly SourceFile[],
  entries: readonly { readonly name: string; readonly size: number }[],
  signal: AbortSignal,
): AsyncGenerator<{ name: string; size: number; input: ReadableStream<Uint8Array> }> {
  for (const [i, entry] of entries.entries()) {
    const file = files[i];
    if (file) yield { ...entry, input: file.open({ signal }) };
  }
}
