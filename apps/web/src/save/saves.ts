import { createState, type Clock, type State } from '@tabswarm/base';
import { savedPaths, type Renamed } from '@tabswarm/node';
import type { FolderParts } from './claim-folder.ts';
import { handOver, type HandOverParts } from './hand-over.ts';
import type { Interruptions } from './interruptions.ts';
import type { Pickers } from './pickers.ts';
import { problemOfSaving } from './problems.ts';
import { placesOf, type FileSet } from './places.ts';
import type { PumpOptions, SourceFile } from './source.ts';
import { writeFile } from './write-file.ts';
import { writeFolder } from './write-folder.ts';
import { zipOf } from './zip.ts';

/** The screen is redrawn at most so often for bytes that were written. */
const REDRAW_MS = 200;

export type SaveStatus =
  | {
      readonly state: 'saving';
      readonly bytesDone: number;
      readonly bytesTotal: number;
      readonly filesDone: number;
      /** By the browser's own downloads, where it can be paused as well. */
      readonly handedOver: boolean;
    }
  | { readonly state: 'saved'; readonly handedOver: boolean }
  | { readonly state: 'failed'; readonly message: string }
  /** The page was left in the middle of it. */
  | { readonly state: 'interrupted' };

/** Something of a share that is being saved, or was. */
export interface SaveView {
  readonly id: string;
  readonly root: string;
  /** What it is called where it is saved to; absent for one of which only that it was interrupted is known. */
  readonly name?: string | undefined;
  readonly fileCount: number;
  readonly renamed: readonly Renamed[];
  readonly status: SaveStatus;
}

export interface SaveRequest extends FileSet {
  readonly root: string;
}

/** Saves files to where a person chooses, while they arrive. */
export interface Saves {
  readonly views: State<readonly SaveView[]>;
  /** Must be called while a click is being handled, since it may ask where to. */
  save(request: SaveRequest): Promise<void>;
  /** Ends what is being saved, which leaves no part of a file behind; takes away what is only told of. */
  dismiss(id: string): void;
}

export interface SavesParts extends HandOverParts, FolderParts {
  readonly pickers: Pickers;
  readonly interruptions: Interruptions;
  readonly clock: Clock;
}

interface Work {
  /** What it is called there. */
  readonly name: string;
  readonly handedOver: boolean;
  readonly bytesTotal: number;
  run(options: PumpOptions & { readonly onFile: () => void }): Promise<string | void>;
}

export function createSaves(parts: SavesParts): Saves {
  const { pickers, interruptions, clock, locks, random } = parts;
  const views = createState<readonly SaveView[]>(
    interruptions.before().map((root) => ({
      id: `interrupted ${root}`,
      root,
      fileCount: 0,
      renamed: [],
      status: { state: 'interrupted' },
    })),
  );
  const running = new Map<string, AbortController>();
  let made = 0;

  const drop = (accept: (view: SaveView) => boolean): void =>
    views.set(views.get().filter((view) => !accept(view)));
  const update = (id: string, change: Partial<SaveView>): void =>
    views.set(views.get().map((view) => (view.id === id ? Object.assign({}, view, change) : view)));

  /** Where to, and how; undefined where the person thought better of it. */
  const choose = async (request: SaveRequest): Promise<Work | undefined> => {
    const { root, name, files } = request;
    const [only] = files.length === 1 ? files : [];
    if (only && pickers.file) {
      const handle = await pickers.file(fileName(only));
      const run: Work['run'] = (options) => writeFile(handle as FileSystemFileHandle, only, options);
      return handle && { name: handle.name, handedOver: false, bytesTotal: only.length, run };
    }
    if (!only && pickers.folder) {
      const chosen = await pickers.folder();
      const run: Work['run'] = (options) =>
        writeFolder(chosen as FileSystemDirectoryHandle, request, { ...options, id: root, locks, random });
      return chosen && { name: folderName(name), handedOver: false, bytesTotal: sizeOf(files), run };
    }
    const file = only ? { ...only, path: [fileName(only)] } : zipOf({ ...request, name: folderName(name) });
    const run: Work['run'] = (options) => handOver(parts, file, options);
    return { name: fileName(file), handedOver: true, bytesTotal: file.length, run };
  };

  const start = async (request: SaveRequest, work: Work): Promise<void> => {
    const { root, files } = request;
    const id = `save ${(made += 1)}`;
    const over = new AbortController();
    const { handedOver, bytesTotal } = work;
    let bytesDone = 0;
    let filesDone = 0;
    let redrawing = false;
    const status = (): SaveStatus => ({ state: 'saving', bytesDone, bytesTotal, filesDone, handedOver });
    const redraw = (): void => {
      if (redrawing) return;
      redrawing = true;
      clock.after(REDRAW_MS, () => {
        redrawing = false;
        if (running.has(id)) update(id, { status: status() });
      });
    };
    drop((view) => view.root === root && view.status.state !== 'saving');
    views.set([
      ...views.get(),
      { id, root, name: work.name, fileCount: files.length, renamed: renamedOf(request), status: status() },
    ]);
    running.set(id, over);
    const settle = interruptions.begin(root);
    try {
      const name = await work.run({
        signal: over.signal,
        onBytes(count) {
          bytesDone += count;
          redraw();
        },
        onFile() {
          filesDone += 1;
          redraw();
        },
      });
      update(id, { status: { state: 'saved', handedOver }, ...(name === undefined ? {} : { name }) });
    } catch (cause) {
      if (over.signal.aborted) drop((view) => view.id === id);
      else update(id, { status: { state: 'failed', message: problemOfSaving(cause) } });
    } finally {
      running.delete(id);
      settle();
    }
  };

  return {
    views,
    async save(request) {
      let work;
      try {
        work = await choose(request);
      } catch (cause) {
        const { root, files } = request;
        const failed: SaveStatus = { state: 'failed', message: problemOfSaving(cause) };
        const view = {
          id: `save ${(made += 1)}`,
          root,
          fileCount: files.length,
          renamed: [],
          status: failed,
        };
        views.set([...views.get(), view]);
        return;
      }
      if (work) await start(request, work);
    },
    dismiss(id) {
      const over = running.get(id);
      if (over) over.abort(new DOMException('saving was cancelled', 'AbortError'));
      else drop((view) => view.id === id);
    },
  };
}

function fileName({ path }: SourceFile): string {
  return savedPaths([[path.at(-1) ?? '']])[0]?.path[0] ?? '_';
}

function folderName(name: string): string {
  return savedPaths([[name, 'file']])[0]?.path[0] ?? '_';
}

function sizeOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { length }) => sum + length, 0);
}

/** What changes its name on the way, be it to a folder or into a ZIP. */
function renamedOf(request: SaveRequest): Renamed[] {
  const { name, files } = request;
  const alone = files.length === 1;
  const paths = files.map(({ path }) => (alone ? [path.at(-1) ?? ''] : [name].concat(path)));
  const places = alone ? savedPaths(paths) : placesOf(request).places;
  return places.flatMap(({ path, changes }, i) =>
    changes.length === 0 ? [] : [{ from: paths[i]?.join('/') ?? '', to: path.join('/') }],
  );
}
