import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '../json-reading.ts';
import { environmentWith } from '../config.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import { settingsFile } from './harness-settings.ts';
import type { SettableHarness, SettingsScope } from './harness-settings.ts';

/** MCP servers as a harness keeps them; `whyNot`: why the guard's `mcp wrap` cannot put them behind the gateway. */
export type McpServers = { readonly file: string; readonly names: readonly string[]; readonly whyNot?: string };

/** What `mcp wrap` says it would do, or did, line by line. */
type WrapAnswer = { readonly lines: readonly string[]; readonly changes: number };

const maxBytes = 4 * 1024 * 1024;
const maxAnswerBytes = 1024 * 1024;
const waitMs = 20_000;
/** Only Claude Code fills in variables the way the gateway names its run's: `${NAME:-}`. */
const otherWay = 'it names its environment another way; put them behind it by hand: docs/mcp-gateway.md';

/** Undefined where the harness has no servers of this scope, or keeps them where nothing can be read. */
export function mcpServersOf(
  harness: SettableHarness,
  scope: SettingsScope,
  where: { readonly home: string; readonly project: string },
): McpServers | undefined {
  const file = serversFile(harness, scope, where);
  if (file === undefined || !existsSync(file)) return undefined;
  const text = readBoundedFileSync(file, maxBytes).toString('utf8');
  const names = harness === 'codex' ? namesInToml(text) : namesInJson(text);
  if (names.length === 0) return undefined;
  return { file, names, ...(harness === 'claude-code' ? {} : { whyNot: otherWay }) };
}

function serversFile(
  harness: SettableHarness,
  scope: SettingsScope,
  where: { readonly home: string; readonly project: string },
): string | undefined {
  switch (harness) {
    case 'claude-code':
      if (scope === 'managed') return '/etc/claude-code/managed-mcp.json';
      return scope === 'user' ? join(where.home, '.claude.json') : join(where.project, '.mcp.json');
    case 'gemini-cli':
      return settingsFile(harness, scope, where);
    case 'cursor':
    case 'codex': {
      const folder = scope === 'user' ? where.home : where.project;
      if (scope === 'managed') return undefined;
      return harness === 'cursor' ? join(folder, '.cursor', 'mcp.json') : join(folder, '.codex', 'config.toml');
    }
  }
}

function namesInJson(text: string): string[] {
  const read = parseJson(text);
  const servers = isJsonObject(read) ? read['mcpServers'] : undefined;
  return isJsonObject(servers) ? Object.keys(servers) : [];
}

/** `[mcp_servers.NAME]`; enough to say that there are some. */
function namesInToml(text: string): string[] {
  const names = [...text.matchAll(/^[ \t]*\[[ \t]*mcp_servers[ \t]*\.[ \t]*"?([\w-]+)"?[ \t]*\]/gm)];
  return [...new Set(names.flatMap(([, name]) => name ?? []))];
}

/**
 * Asks the guard to put the servers of a file behind the gateway: what it would change, or with `isWritten` what it did. It reads and writes
 * the file. Rejects with why it could not.
 */
export function wrapServers(asked: {
  readonly file: string;
  /** The program itself, as settings name it; no line for a shell. */
  readonly guard: string;
  /** Where it is. */
  readonly program: string;
  readonly isWritten: boolean;
  readonly signal: AbortSignal;
}): Promise<WrapAnswer> {
  const { file, guard, program, isWritten, signal } = asked;
  // The gateway is named in settings by words with blanks between them.
  if (/\s/.test(guard)) return Promise.reject(new Error(`"${guard}" must be a path without blanks`));
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['mcp', 'wrap', file, '--guard', guard, ...(isWritten ? ['--write'] : [])], {
      env: environmentWith({}),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: waitMs,
      killSignal: 'SIGKILL',
      signal,
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < maxAnswerBytes) said[name] += text;
      });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) {
        reject(new Error(said.stderr.trim().split('\n')[0] ?? `it ended with ${code ?? 'a signal'}`));
        return;
      }
      const lines = said.stdout.split('\n').filter((line) => line !== '');
      resolve({ lines, changes: lines.filter((line) => line.startsWith('+ ')).length });
    });
  });
}
