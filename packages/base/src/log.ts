export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface LogEntry {
  readonly level: LogLevel;
  /** The part that speaks, such as `swarm` or `webrtc`. */
  readonly scope: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Entries carry ids, counts and reasons; never a share's key and never a file's name. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  scoped(scope: string): Log;
}

/** A log whose entries go, one by one, to `write`. */
export function createLog(write: (entry: LogEntry) => void, scope = ''): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      write({ level, scope, message, fields });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    scoped: (inner) => createLog(write, scope === '' ? inner : `${scope}/${inner}`),
  };
}

export const silentLog: Log = createLog(() => undefined);

/** What was thrown, as text for a log: name and message of an error, the value itself otherwise. */
export function errorText(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return typeof cause === 'string' ? cause : JSON.stringify(cause);
}
