import { readSettings, type Settings } from './environment.ts';
import { readAppFiles, type AppFiles } from './files.ts';
import { SettingError } from './setting-error.ts';
import { createSignaling } from './signaling.ts';

const LOOPBACK_HOST = /^(?:127\.|localhost$|::1$)/;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const signaling = createSignaling(
    {
      files: await appFiles(settings.appFolder),
      now: () => performance.now(),
      random: Math.random,
      log: (line) => console.error(line),
    },
    settings,
  );
  stopOnSignals(() => signaling.stop());
  const port = await signaling.start();
  for (const line of hints(settings)) console.log(line);
  console.log(urlOf(settings.host, port));
}

async function appFiles(folder: string): Promise<AppFiles> {
  try {
    return await readAppFiles(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    console.log(`There is no built app in ${folder}: signaling only.`);
    return new Map();
  }
}

/** The first signal lets everybody go in peace, the second does not wait. */
function stopOnSignals(stop: () => Promise<void>): void {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(1);
    asked = true;
    stop().catch(fail);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

function hints({ host, iceServers }: Settings): readonly string[] {
  if (LOOPBACK_HOST.test(host)) return [];
  return [
    'Browsers let a page encrypt and store files only over https or on localhost: put a proxy with TLS in front.',
    ...(iceServers.length > 0
      ? []
      : ['ICE_SERVERS is not set: only tabs of one network will reach one another.']),
  ];
}

function urlOf(host: string, port: number): string {
  const anyHost = host === '0.0.0.0' || host === '::';
  const name = anyHost ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/`;
}

function fail(error: unknown): void {
  console.error(explain(error));
  process.exit(1);
}

function explain(error: unknown): string {
  const { HOST: host = '127.0.0.1', PORT: port = '8080' } = process.env;
  if (error instanceof SettingError) return error.message;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use by another program; set PORT to another one (PORT=0 finds a free one).`;
    case 'EACCES':
      return `Port ${port} is not open to this user; set PORT to one from 1024 on.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine; set HOST to one that is.`;
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

main().catch(fail);
