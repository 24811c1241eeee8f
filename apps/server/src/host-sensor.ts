import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { HostSensorKey, HostSensorSecrets } from './host-sensor-key.ts';

/** The sensor of this host, beside the server. */
export type HostSensor = {
  /** Starts it and keeps it running; resolves at once. Whatever goes wrong with it is logged and tried again, and stops nothing else. */
  start(address: string): void;
  /** Lets it say goodbye; at most five seconds. */
  stop(): Promise<void>;
  readonly state: () => HostSensorState;
};

export type HostSensorState =
  | { readonly kind: 'off' | 'unsupported' | 'not built' | 'stopped' }
  | { readonly kind: 'running'; readonly pid: number }
  | { readonly kind: 'failed'; readonly reason: string };

export type HostSensorNeeds = {
  readonly isWanted: boolean;
  readonly platform: string;
  /** The bundled sensor; undefined when it was not built. */
  readonly program: string | undefined;
  readonly stateDirectory: string;
  readonly authorityFile: string | undefined;
  readonly key: HostSensorKey;
  readonly log: Log;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
};

const firstDelayMs = 1000;
const longestDelayMs = 60_000;
/** It did not fail to start when it stayed up this long. */
const settledAfterMs = 60_000;
const goodbyeMs = 5000;
/** What keeps it at half its allowance of memory. */
const engineFlags = ['--max-semi-space-size=1', '--max-old-space-size=80', '--disable-warning=ExperimentalWarning'];
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/**
 * It is a process of its own with nothing of the server's but an API key that may send events as this host, and the key of its
 * spool; both are handed over a pipe and lie on no disk in clear. It ends when the pipe does, so it never outlives the server.
 */
export function createHostSensor(needs: HostSensorNeeds): HostSensor {
  const { log, delay, nowMs } = needs;
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let running: Promise<void> = Promise.resolve();
  let state: HostSensorState = { kind: standsStill(needs) ?? 'stopped' };

  async function runOnce(program: string, address: string): Promise<void> {
    const secrets = await needs.key.secrets();
    if (stopping.signal.aborted) return;
    const started = spawn(process.execPath, [...engineFlags, program, ...argumentsFor(needs, address)], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: environment,
      // Ctrl-C is for the server, which lets the sensor say goodbye while it can still be heard.
      detached: true,
    });
    child = started;
    const ended = new Promise<string>((resolve) => {
      started.once('exit', (code, signal) => resolve(signal ?? `exit ${code ?? 1}`));
      started.once('error', (error) => resolve(messageOf(error)));
    });
    started.stdin?.on('error', () => undefined);
    started.stdin?.write(handed(secrets));
    const lastWords = started.stderr === null ? (): string => '' : forwardLog(started.stderr, log);
    if (started.pid !== undefined) state = { kind: 'running', pid: started.pid };
    const how = await ended;
    child = undefined;
    state = { kind: 'failed', reason: `${how} ${lastWords()}`.trim() };
  }

  async function keepRunning(program: string, address: string): Promise<void> {
    for (let delayMs = firstDelayMs; !stopping.signal.aborted;) {
      const beganMs = nowMs();
      try {
        await runOnce(program, address);
      } catch (error) {
        state = { kind: 'failed', reason: messageOf(error) };
      }
      if (stopping.signal.aborted) break;
      if (nowMs() - beganMs > settledAfterMs) delayMs = firstDelayMs;
      const reason = state.kind === 'failed' ? state.reason : '';
      log.warn('The sensor of this host ended; starting it again', { reason, delay_ms: delayMs });
      await delay(delayMs, stopping.signal);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    }
    state = { kind: 'stopped' };
  }

  return {
    start(address) {
      const { program } = needs;
      if (standsStill(needs) === undefined && program !== undefined) running = keepRunning(program, address);
    },
    async stop() {
      stopping.abort();
      const victim = child;
      victim?.stdin?.end();
      const timer = setTimeout(() => victim?.kill('SIGKILL'), goodbyeMs);
      await running;
      clearTimeout(timer);
    },
    state: () => state,
  };
}

function standsStill({
  isWanted,
  platform,
  program,
}: HostSensorNeeds): 'off' | 'unsupported' | 'not built' | undefined {
  if (!isWanted) return 'off';
  if (platform !== 'linux') return 'unsupported';
  return program === undefined ? 'not built' : undefined;
}

function argumentsFor({ stateDirectory, authorityFile }: HostSensorNeeds, address: string): string[] {
  const trust = authorityFile === undefined ? [] : ['--ca', authorityFile];
  // What its owner adds for it, such as lists and rules; the rest of this line goes before what stands there.
  const file = join(stateDirectory, 'config.json');
  const added = existsSync(file) ? ['--config', file] : [];
  return ['run', '--server', address, ...trust, '--state', stateDirectory, ...added, '--secrets-on-input'];
}

function handed({ token, spoolKey }: HostSensorSecrets): string {
  return `${JSON.stringify({ key: token.reveal(), spool_key: Buffer.from(spoolKey).toString('base64') })}\n`;
}

const maxLineCharacters = 4000;

/** Its log lines in ours. Gives its last line that was none, such as why it could not begin. */
function forwardLog(output: Readable, log: Log): () => string {
  let last = '';
  createInterface({ input: output }).on('line', (text) => {
    const line = text.slice(0, maxLineCharacters);
    const entry = parsedLine(line);
    if (entry === undefined) {
      last = line;
      return;
    }
    const { message, level, time: _time, ...fields } = entry;
    const write = level === 'error' ? log.error : level === 'warn' ? log.warn : log.info;
    write(`Sensor: ${textOf(message)}`, fields);
  });
  return () => last;
}

function parsedLine(line: string): JsonObject | undefined {
  try {
    const value = parseJson(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
