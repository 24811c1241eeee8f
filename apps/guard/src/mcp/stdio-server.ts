import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { wireOf } from './json-rpc.ts';
import { createLineReader } from './line-reader.ts';
import { withDigest } from './tool-server.ts';
import type { ToolServer } from './tool-server.ts';

/** After its input ended, and after it was asked to end. */
const graceMs = 1000;
/** Bytes that it has not read yet. */
const maxUnread = 32 * 1024 * 1024;

/**
 * An MCP server as a program of ours: the stdio transport. Its standard error is ours. It gets the environment without what belongs to
 * the gateway, so that it can neither speak as the run nor ask what the run may.
 */
export function createStdioServer({
  command,
  environment,
  maxAnswerBytes,
}: {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly maxAnswerBytes: number;
}): ToolServer {
  const [file, ...args] = command;
  let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  let over: Promise<void> = Promise.resolve();
  return {
    transport: 'stdio',
    target: targetOf(command),
    async open({ message, closed }) {
      // Loaded here: the hook of a harness starts this same program, and needs none of it.
      const { spawn } = await import('node:child_process');
      const started = spawn(file, args, {
        stdio: ['pipe', 'pipe', 'inherit'],
        env: withoutOurs(environment),
        windowsHide: true,
      });
      child = started;
      const reader = createLineReader({ maxBytes: maxAnswerBytes, onMessage: message });
      started.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
      // A broken pipe is told by the end of the program.
      started.stdin.on('error', () => undefined);
      over = new Promise((resolve) => {
        started.once('close', (code, signal) => {
          reader.end();
          closed(signal === null ? `it ended with exit code ${code ?? 0}` : `it was ended by ${signal}`);
          resolve();
        });
      });
      await new Promise<void>((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', (error) => reject(new Error(`Cannot start "${file}": ${error.message}`)));
      });
    },
    async send(message) {
      if (child === undefined || !child.stdin.writable) throw new Error('it does not run any more');
      if (child.stdin.writableLength > maxUnread) throw new Error('it does not read what it is sent');
      child.stdin.write(`${wireOf(message)}\n`);
    },
    async close() {
      const running = child;
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
      running.stdin.end();
      const timers = [
        setTimeout(() => running.kill('SIGTERM'), graceMs),
        setTimeout(() => running.kill('SIGKILL'), graceMs * 2),
      ];
      await over;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/**
 * Arguments are part of what a server is; what looks like a secret among them is not told. The digest is of every sign of the command, so
 * that what is left out, cut or written alike is another server all the same.
 */
function targetOf(command: readonly string[]): string {
  return withDigest(
    command
      .map((part, at) =>
        /(?:token|secret|password|passwd|api-?key)/i.test(command[at - 1] ?? '') && at > 0
          ? '…'
          : part
              .replace(/((?:token|secret|password|passwd|api-?key)[\w-]*=).+/i, '$1…')
              .replace(/(:\/\/)[^/@\s]+@/, '$1'),
      )
      .join(' ')
      // In one line, as everybody sees it.
      .replaceAll(/[\s\p{C}]+/gu, ' ')
      .slice(0, 1000),
    JSON.stringify(command),
  );
}

/** `sallyport agent run` sets these for the telemetry of the harness, where nobody had set them: addressed to us, with a credential of the run. */
const ourTelemetry: ReadonlySet<string> = new Set([
  'CLAUDE_CODE_ENABLE_TELEMETRY',
  'OTEL_LOGS_EXPORTER',
  'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL',
  'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_LOGS_HEADERS',
  'OTEL_LOGS_EXPORT_INTERVAL',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_HEADERS',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'GEMINI_TELEMETRY_ENABLED',
  'GEMINI_TELEMETRY_TARGET',
  'GEMINI_TELEMETRY_OTLP_PROTOCOL',
  'GEMINI_TELEMETRY_OTLP_ENDPOINT',
  'GEMINI_TELEMETRY_LOG_PROMPTS',
  'GEMINI_TELEMETRY_TRACES_ENABLED',
]);

export function withoutOurs(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { SALLYPORT_AGENT_TOKEN, SALLYPORT_AGENT_TELEMETRY_TOKEN } = environment;
  const tokens = [SALLYPORT_AGENT_TOKEN ?? '', SALLYPORT_AGENT_TELEMETRY_TOKEN ?? ''].filter((token) => token !== '');
  const holdsToken = (value: string): boolean =>
    tokens.some((token) => value.includes(token) || value.includes(encodeURIComponent(token)));
  const isTelemetryOurs = ['OTEL_EXPORTER_OTLP_LOGS_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'].some((name) =>
    holdsToken(environment[name] ?? ''),
  );
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || name.startsWith('SALLYPORT_') || holdsToken(value)) continue;
    if (!isTelemetryOurs || !ourTelemetry.has(name)) kept[name] = value;
  }
  return kept;
}
