import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves with the URL that is printed when the server is ready. */
  readonly url: Promise<string>;
  readonly exit: Promise<number | null>;
}

/** The built server as its own process, which is what `npm start` runs. */
function run(environment: Record<string, string>): Run {
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const url = new Promise<string>((resolve) => {
    const onData = (data: Buffer): void => {
      text += data.toString('utf8');
      const found = text.match(/^http:\S+\n/m);
      if (found) resolve(found[0].trim());
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
  });
  return { child, output: () => text, url, exit };
}

describe('the process', () => {
  beforeAll(async () => {
    await build({ root: folder, configFile: `${folder}/vite.config.ts`, logLevel: 'silent' });
  });

  it('prints its URL as the last line, and serves there', async () => {
    const { url, output, child, exit } = run({});
    const health = await fetch(new URL('/health', await url));
    expect(await health.json()).toMatchObject({ status: 'ok' });
    expect(output().trimEnd().split('\n').at(-1)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('stops on SIGINT as well', async () => {
    const { url, child, exit } = run({});
    await url;
    child.kill('SIGINT');
    expect(await exit).toBe(0);
  });

  it('says in one sentence that the port is taken', async () => {
    const first = run({});
    const { port } = new URL(await first.url);
    const second = run({ PORT: port });
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is in use .*\\n$`, 'm'));
    expect(second.output()).not.toContain('    at ');
  });

  it('says in one sentence what is wrong with a setting', async () => {
    const { exit, output } = run({ ICE_SERVERS: 'stun:stun.example' });
    expect(await exit).toBe(1);
    expect(output()).toMatch(/^ICE_SERVERS cannot be used: it is not JSON\..*\n$/);
  });
});
