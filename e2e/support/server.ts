import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const BUILT_SERVER = join(REPOSITORY, 'signaling', 'dist', 'main.js');
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;

/** The built signaling server with the built app, as a process of its own: what `npm start` runs. */
export interface TestServer {
  /** Stays the same across `stop` and `start`. */
  readonly url: string;
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** Starts it on a port of the system's choice. */
export async function startServer(environment: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  if (!existsSync(BUILT_SERVER)) throw new Error(`${BUILT_SERVER} is missing: \`npm test\` builds it.`);
  let running = await launch({ ...environment, PORT: '0' });
  const { url } = running;
  return {
    url,
    stop: async () => {
      const { child } = running;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(kill);
    },
    start: async () => {
      running = await launch({ ...environment, PORT: new URL(url).port });
    },
  };
}

async function launch(
  environment: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [BUILT_SERVER], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const give = (reason: string): void => reject(new Error(`The server ${reason}: ${output}`));
    const timer = setTimeout(() => give('did not start in time'), START_TIMEOUT_MS);
    const onData = (data: Buffer): void => {
      output += data.toString('utf8');
      const found = output.match(/^(http:\S+)\n/m);
      if (!found?.[1]) return;
      clearTimeout(timer);
      resolve(found[1]);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('exit', () => {
      clearTimeout(timer);
      give('ended');
    });
  });
  return { child, url };
}
