import { spawn } from 'node:child_process';
import type { JsonObject } from '@sallyport/contracts';
import { environmentWith } from '../config.ts';
import { field, isJsonObject, listField, parseJson, textField } from '../json-reading.ts';
import { readBoundedFileSync } from '../regular-file.ts';
import type { Proof } from './self-test.ts';

const maxBytes = 4 * 1024 * 1024;
const maxSaid = 1024 * 1024;
const waitMs = 30_000;

/** A server as it stands in a file: behind the gateway and started by it, behind it and elsewhere, or not behind it. */
export type ServerOfFile = {
  readonly name: string;
  readonly way: 'started' | 'remote' | 'direct';
  /** Of the guard. */
  readonly args: readonly string[];
  readonly server: JsonObject;
};

/** `guard`: as the file names it. */
export function serversOfFile(file: string, guard: string): readonly ServerOfFile[] {
  const read = parseJson(readBoundedFileSync(file, maxBytes).toString('utf8'));
  const servers = isJsonObject(read) ? read['mcpServers'] : undefined;
  return Object.entries(isJsonObject(servers) ? servers : {}).flatMap(([name, server]): ServerOfFile[] => {
    if (!isJsonObject(server)) return [];
    const [first, ...args] = textsOf(server);
    const isBehind = first === guard && args[0] === 'mcp';
    return [{ name, way: !isBehind ? 'direct' : args.includes('--') ? 'started' : 'remote', args, server }];
  });
}

/**
 * Starts each server of a file that stands behind the gateway as the harness would, with the credential of a run, and asks for its tools:
 * the gateway starts, takes the run, starts its server, tells Sallyport of it and passes on what may be used. None is called.
 */
export async function tryServers(tried: {
  readonly servers: readonly ServerOfFile[];
  /** Of a run, as `sallyport agent run` gives it to the harness. */
  readonly environment: Readonly<Record<string, string>>;
  /** The guard by its whole path: the name in the file is for the harness. */
  readonly program: string | undefined;
  /** Whether those behind the gateway may be started. */
  readonly isAgreed: boolean;
  readonly signal: AbortSignal;
}): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const { name, way, args, server } of tried.servers) {
    if (way === 'direct') {
      proofs.push({ state: 'untried', words: `MCP server ${name} is not behind the gateway` });
      continue;
    }
    if (way === 'remote') {
      proofs.push({
        state: 'untried',
        words: `MCP server ${name} is reached through the gateway; whether it lets anybody in, the first conversation shows`,
      });
      continue;
    }
    if (!tried.isAgreed) {
      proofs.push({
        state: 'untried',
        words: `MCP server ${name} stands behind the gateway; it is not started, for it is the project's and nobody agreed to that`,
      });
      continue;
    }
    const { program } = tried;
    const why =
      program === undefined
        ? 'the guard is not on the search path'
        : await listTools({ ...tried, program, args, server });
    proofs.push(
      why === undefined
        ? { state: 'proved', words: `MCP server ${name} answers through the gateway` }
        : { state: 'failed', words: `MCP server ${name} does not answer through the gateway: ${why}` },
    );
  }
  return proofs;
}

function textsOf(server: JsonObject): string[] {
  const program = textField(server, 'command');
  return [
    ...(program === undefined ? [] : [program]),
    ...listField(server, 'args').filter((one) => typeof one === 'string'),
  ];
}

/** Why it did not work out; undefined when it answered. */
function listTools(tried: {
  readonly program: string;
  readonly args: readonly string[];
  readonly server: JsonObject;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<string | undefined> {
  const { program, args, server, environment, signal } = tried;
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      // Ours last: the file may be somebody else's, and is not to say where the credential goes.
      env: environmentWith({ ...filled(server, environment), ...environment }),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: waitMs,
      killSignal: 'SIGKILL',
      signal,
    });
    let [said, complained] = ['', ''];
    const end = (why: string | undefined): void => {
      resolve(why);
      child.stdin.end();
    };
    child.on('error', ({ message }) => resolve(message));
    // One that ends without reading has its reasons.
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained = `${complained}${text}`.slice(-2000);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const lines = said.split('\n');
      said = lines.pop() ?? '';
      for (const line of lines) {
        const answer = parseJson(line);
        const id = field(answer, 'id');
        if (id !== 1 && id !== 2) continue;
        const error = field(answer, 'error');
        if (error !== undefined) end(textField(error, 'message') ?? 'it refused');
        else if (id === 2) end(undefined);
        else {
          ask({ method: 'notifications/initialized' });
          ask({ id: 2, method: 'tools/list' });
        }
      }
      if (said.length > maxSaid) end('it answered no line');
    });
    child.on('close', (code) => {
      const last = complained.trim().split('\n').at(-1) ?? '';
      resolve(`it ended with ${code ?? 'a signal'}${last === '' ? '' : `: ${last.slice(0, 300)}`}`);
    });
    const ask = (message: JsonObject): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'sallyport-agent-setup', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    ask({ id: 1, method: 'initialize', params });
  });
}

/** Variables that say which programs run, what they load and whom they believe: of the gateway, which holds the credential, only ours do. */
const steers = /^(?:PATH|BASH_ENV|ENV|(?:NODE|OPENSSL|SSL_CERT|LD|DYLD|SALLYPORT)_.*)$/i;

/** Its environment with variables filled in as Claude Code does: `${NAME}` and `${NAME:-otherwise}`. */
function filled(server: JsonObject, environment: Readonly<Record<string, string>>): Record<string, string> {
  const own = field(server, 'env');
  if (!isJsonObject(own)) return {};
  const known = environmentWith(environment);
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) =>
      typeof value === 'string' && !steers.test(name)
        ? [
            [
              name,
              value.replaceAll(
                /\$\{(\w+)(?::-([^}]*))?\}/g,
                (_all, of: string, or: string | undefined) => known[of] ?? or ?? '',
              ),
            ],
          ]
        : [],
    ),
  );
}
