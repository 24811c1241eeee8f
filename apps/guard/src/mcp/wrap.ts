import { copyFileSync, existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { readOwnFile, replaceFile } from './locked-file.ts';
import { readGatewayOptions, usage } from './options.ts';
import { wordsOf } from './upstream.ts';

const maxBytes = 4 * 1024 * 1024;
/** What a harness must hand on, in the way `.mcp.json` names its own environment. */
const handedOn = ['SALLYPORT_AGENT_TOKEN', 'SALLYPORT_AGENT_SERVER', 'SALLYPORT_AGENT_CA', 'SALLYPORT_AGENT_SESSION'];

/** A server as `.mcp.json` has it, put behind the gateway; or why it cannot be. */
export type Wrapped =
  | { readonly kind: 'wrapped'; readonly server: JsonObject }
  | { readonly kind: 'is_wrapped' }
  | { readonly kind: 'left'; readonly reason: string };

/**
 * `sallyport-guard mcp wrap FILE`: shows how the servers of an `.mcp.json` would go through the gateway, or writes it and keeps the file
 * there was. Gives the exit code.
 */
export function runWrap(args: readonly string[], write: (line: string) => void): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        write: { type: 'boolean' },
        guard: { type: 'string', default: 'sallyport-guard' },
        only: { type: 'string', multiple: true },
      },
    });
    const [file] = positionals;
    if (file === undefined) throw new Error('FILE must be an .mcp.json, or a settings file with "mcpServers"');
    const before = readSettings(file);
    const servers = before['mcpServers'];
    if (!isJsonObject(servers)) throw new Error(`"${file}" has no "mcpServers"`);
    const after: Record<string, JsonValue> = {};
    let changed = 0;
    for (const [name, server] of Object.entries(servers)) {
      const wrapped: Wrapped =
        values.only?.includes(name) === false
          ? { kind: 'left', reason: 'not asked for' }
          : wrapServer(name, server, values.guard);
      after[name] = wrapped.kind === 'wrapped' ? wrapped.server : server;
      if (wrapped.kind === 'left') write(`  ${name}: left as it is: ${wrapped.reason}`);
      if (wrapped.kind === 'is_wrapped') write(`  ${name}: goes through the gateway already`);
      if (wrapped.kind !== 'wrapped') continue;
      changed += 1;
      write(`- ${name}: ${commandOf(server)}`);
      write(`+ ${name}: ${commandOf(wrapped.server)}`);
    }
    if (changed === 0) return 0;
    if (values.write !== true) {
      write(`This would stand in ${file}; with --write it does`);
      return 0;
    }
    const kept = `${file}.before-sallyport`;
    if (!existsSync(kept)) copyFileSync(file, kept);
    replaceFile(file, `${JSON.stringify({ ...before, mcpServers: after }, null, 2)}\n`);
    write(`Written; what stood there before is in ${kept}`);
    return 0;
  } catch (error) {
    process.stderr.write(`Sallyport: ${wordsOf(error)}\n${usage}`);
    return 2;
  }
}

/** The same server behind the gateway. Its credential is named, never copied to where others see it. */
export function wrapServer(name: string, server: JsonValue, guard: string): Wrapped {
  if (!isJsonObject(server)) return { kind: 'left', reason: 'it is no object' };
  if (!/^[\w.-]{1,64}$/.test(name)) return { kind: 'left', reason: 'its name has signs the gateway does not take' };
  const { command, args, url, type, headers, env, ...rest } = server;
  const [file = guard, ...first] = guard.split(' ').filter((part) => part !== '');
  const given = isJsonObject(env) ? env : {};
  const passed = Object.fromEntries(handedOn.map((one): [string, JsonValue] => [one, `\${${one}:-}`]));
  const through = [...first, 'mcp', '--name', name];
  if (typeof command === 'string') {
    const own = [command, ...textsOf(args)];
    const already = behindAlready(own, { name, gateway: [file, ...first, 'mcp'] });
    if (already !== undefined) return already;
    return {
      kind: 'wrapped',
      server: { ...rest, command: file, args: [...through, '--', ...own], env: { ...given, ...passed } },
    };
  }
  if (typeof url !== 'string') return { kind: 'left', reason: 'it has neither "command" nor "url"' };
  if (textOf(type) === 'sse') return { kind: 'left', reason: 'HTTP with SSE (2024-11-05) is not spoken' };
  const named = headersOf(headers);
  if (named.reason !== undefined) return { kind: 'left', reason: named.reason };
  const bearer: Record<string, JsonValue> = named.bearer === undefined ? {} : { [bearerName]: named.bearer };
  const option = named.bearer === undefined ? [] : ['--bearer-env', bearerName];
  return {
    kind: 'wrapped',
    server: {
      ...rest,
      command: file,
      args: [...through, '--url', url, ...option],
      env: { ...given, ...bearer, ...passed },
    },
  };
}

/** Whether it is started by our gateway, by what stands where: words alone could be arguments of any program. */
function behindAlready(
  own: readonly string[],
  { name, gateway }: { readonly name: string; readonly gateway: readonly string[] },
): Wrapped | undefined {
  if (!gateway.every((part, at) => own[at] === part)) {
    const looksLike = own.findIndex((part, at) => part === 'mcp' && own[at + 1] === '--name');
    return looksLike === -1
      ? undefined
      : {
          kind: 'left',
          reason: `it looks like a gateway but is not started by "${gateway.slice(0, -1).join(' ')}"; where it is one, say so with --guard`,
        };
  }
  try {
    const options = readGatewayOptions(own.slice(gateway.length), () => '');
    if (options.name !== name) return { kind: 'left', reason: `it goes through the gateway as "${options.name}"` };
    if (options.local !== undefined) return { kind: 'left', reason: 'its gateway asks no server (--local)' };
    return { kind: 'is_wrapped' };
  } catch (error) {
    return { kind: 'left', reason: `its gateway cannot start: ${wordsOf(error)}` };
  }
}

const bearerName = 'SALLYPORT_GATEWAY_BEARER';

/** A bearer goes along by a variable; of other headers the gateway knows nothing. */
function headersOf(headers: JsonValue | undefined): { readonly bearer?: string; readonly reason?: string } {
  if (headers === undefined) return {};
  if (!isJsonObject(headers)) return { reason: '"headers" is no object' };
  const entries = Object.entries(headers);
  const other = entries.find(([header]) => header.toLowerCase() !== 'authorization');
  if (other !== undefined) return { reason: `the gateway does not send the header "${other[0]}"` };
  const [[, value] = ['', '']] = entries;
  const bearer = /^Bearer (.+)$/i.exec(textOf(value))?.[1];
  return bearer === undefined ? { reason: 'its credential is no bearer' } : { bearer };
}

function commandOf(server: JsonValue): string {
  if (!isJsonObject(server)) return JSON.stringify(server);
  const { command, args, url } = server;
  return typeof command === 'string' ? [command, ...textsOf(args)].join(' ') : textOf(url);
}

function readSettings(file: string): JsonObject {
  const text = readOwnFile(file, maxBytes);
  if (text === undefined) throw new Error(`there is no file "${file}"`);
  let read: unknown;
  try {
    read = parseJson(text);
  } catch {
    read = undefined;
  }
  if (isJsonObject(read)) return read;
  throw new Error(`"${file}" must be a JSON object (comments are no JSON)`);
}
