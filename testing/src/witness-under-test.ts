// The real witness program in a directory of its own, for tests to use, kill and start again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './server-under-test.ts';
import { eventually } from './waiting.ts';

export type WitnessUnderTest = {
  /** The Ed25519 one. */
  readonly verifierKey: string;
  /** Lets it know a log. */
  trust(logKey: string): Promise<void>;
  /** Starts it, on the same port each time. */
  serve(): Promise<void>;
  /** Of the newest start. */
  url(): string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Kills what still runs and removes the directory. */
  end(): Promise<void>;
};

const waitMs = 60_000;

export async function createWitnessUnderTest(name: string): Promise<WitnessUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-witness-'));
  const state = join(directory, 'state');
  let running: ChildProcess | undefined;
  let port = 0;

  function start(...words: readonly string[]): ChildProcess {
    const program = join(repositoryRoot, 'apps', 'witness', 'src', 'main.ts');
    const all = ['--disable-warning=ExperimentalWarning', program, ...words, '--state', state];
    return spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'ignore'] });
  }
  async function run(...words: readonly string[]): Promise<string> {
    const child = start(...words);
    let text = '';
    child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(code, 0, `${words.join(' ')}: ${text}`);
    return text;
  }
  async function kill(): Promise<void> {
    const child = running;
    if (child === undefined) return;
    running = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  const [verifierKey = ''] = (await run('init', '--name', name)).split('\n');
  return {
    verifierKey,
    async trust(logKey) {
      await run('logs', 'add', logKey);
    },
    async serve() {
      const child = start('serve', '--listen', `127.0.0.1:${port}`);
      running = child;
      let text = '';
      child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
      const found = await eventually({
        what: 'the witness listens',
        timeoutMs: waitMs,
        everyMs: 20,
        look: () => /listening http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1],
        describe: () => text,
      });
      port = Number(found);
    },
    url: () => `http://127.0.0.1:${port}`,
    kill,
    async end() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
