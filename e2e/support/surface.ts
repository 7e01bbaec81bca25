/*
 * What the page offers to scripts (`window.tabswarm`), as far as the stories use it. Written out here and not imported:
 * a change of it is a change of the public surface, which a story has to notice.
 */
export interface Surface {
  share(
    files: readonly File[],
    options?: { visibility?: 'private' | 'public'; signal?: AbortSignal },
  ): Promise<{ link: string; root: string }>;
  download(
    link: string,
    options?: { files?: readonly string[]; signal?: AbortSignal },
  ): Promise<{ root: string }>;
  read(root: string, path?: string): Promise<Blob>;
  limits(limits?: { up?: number; down?: number }): Promise<{ up?: number; down?: number }>;
  connect(nodeId: string, options?: { signal?: AbortSignal }): Promise<void>;
  status(): Status;
  log(): readonly LogEntry[];
}

export interface Status {
  readonly nodeId: string | undefined;
  readonly peers: readonly {
    readonly id: string;
    readonly rttMs: number | undefined;
    readonly bytesReceived: number;
    readonly bytesSent: number;
  }[];
  readonly connections: { readonly open: number; readonly uncollected: number; readonly made: number };
  readonly records: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly transfers: readonly object[];
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly scope: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
}

export interface SurfaceWindow extends Window {
  tabswarm: Surface;
}
