// The process in which rules meet files. It is started without an environment, may read nothing but its own program, has a bound
// on its memory and is killed when it takes too long: a hostile file or rule takes nothing else with it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { Compiler, initSync } from '@virustotal/yara-x';
import type { Scanner } from '@virustotal/yara-x';
import { maxMatchesTold, parseRequest } from './scan-frames.ts';
import type { RuleMatch, ScanAnswer, ScanRequest } from './scan-frames.ts';

const maxMatchesPerPattern = 4;

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const beside = join(import.meta.dirname, 'yara_x_js_bg.wasm');
  if (existsSync(beside)) return new Uint8Array(readFileSync(beside));
  const inPackage = new URL('yara_x_js_bg.wasm', import.meta.resolve('@virustotal/yara-x'));
  return new Uint8Array(readFileSync(fileURLToPath(inPackage)));
}

const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1000);
};

function answer(given: ScanAnswer): void {
  process.stdout.write(`${JSON.stringify(given)}\n`);
}

/** Rules of every file are compiled for themselves first: one that is wrong must not switch the others off. */
function build(sources: readonly { name: string; text: string }[]): Scanner | undefined {
  const compiler = new Compiler();
  const refused: { file: string; reason: string }[] = [];
  let rules = 0;
  for (const { name, text } of sources) {
    try {
      using alone = new Compiler();
      alone.addSource(text);
      compiler.newNamespace(name);
      compiler.addSource(text);
      rules += 1;
    } catch (error) {
      refused.push({ file: name, reason: messageOf(error).split('\n', 2).join(' ') });
    }
  }
  const built = rules === 0 ? undefined : compiler.build().scanner();
  built?.setMaxMatchesPerPattern(maxMatchesPerPattern);
  answer({ kind: 'ready', rules, refused, usedMs: usedMs() });
  return built;
}

function objectsIn(value: JsonValue | undefined): JsonObject[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items.filter(isJsonObject);
}

function matchesIn(result: JsonValue): RuleMatch[] {
  return objectsIn(isJsonObject(result) ? result['matches'] : [])
    .filter(({ isPrivate }) => isPrivate !== true)
    .slice(0, maxMatchesTold)
    .map((match) => ({
      rule: textOf(match['identifier']),
      file: textOf(match['namespace']),
      tags: textsOf(match['tags']),
      description: textOf(
        objectsIn(match['metadata']).find(({ identifier }) => identifier === 'description')?.['value'],
      ),
      patterns: objectsIn(match['patterns'])
        .filter((pattern) => objectsIn(pattern['matches']).length > 0)
        .map((pattern) => textOf(pattern['identifier'])),
    }));
}

function scan(
  scanner: Scanner | undefined,
  { id, timeoutMs }: Extract<ScanRequest, { kind: 'scan' }>,
  bytes: Uint8Array,
): void {
  try {
    scanner?.setTimeoutMs(timeoutMs);
    const result: unknown = scanner?.scan(bytes);
    // The engine gives plain data without a type.
    answer({ kind: 'scanned', id, matches: matchesIn(parseJson(JSON.stringify(result ?? null))), usedMs: usedMs() });
  } catch (error) {
    answer({ kind: 'failed', id, reason: messageOf(error), usedMs: usedMs() });
    // Out of memory or worse: what is left of the engine is not to be trusted with the next file.
    if (error instanceof Error && error.name === 'RuntimeError') process.exitCode = 1;
  }
}

// Rules may print; what goes out here are answers alone.
Object.assign(console, { log: () => undefined });
initSync({ module: moduleBytes() });
let waiting: Buffer[] = [];
let length = 0;
const sources: { name: string; text: string }[] = [];
let scanner: Scanner | undefined;
let request: ScanRequest | undefined;

function joined(): Buffer {
  const whole = waiting.length === 1 ? waiting[0] : Buffer.concat(waiting);
  waiting = whole === undefined ? [] : [whole];
  return whole ?? Buffer.alloc(0);
}

/** The next `bytes` bytes, once they are there. */
function takeBytes(bytes: number): Buffer | undefined {
  if (length < bytes) return undefined;
  const whole = joined();
  waiting = [whole.subarray(bytes)];
  length -= bytes;
  return whole.subarray(0, bytes);
}

function takeLine(): string | undefined {
  const whole = joined();
  const end = whole.indexOf(10);
  return end === -1 ? undefined : takeBytes(end + 1)?.toString('utf8');
}

/** One step; false when more must come first. */
function goOn(): boolean {
  if (request === undefined) {
    const line = takeLine();
    if (line === undefined) return false;
    request = parseRequest(line);
    if (request === undefined) throw new Error('The line is no request');
  }
  if (request.kind === 'build') {
    scanner = build(sources);
    request = undefined;
    return true;
  }
  const body = takeBytes(request.bytes);
  if (body === undefined) return false;
  if (request.kind === 'rules') sources.push({ name: request.name, text: body.toString('utf8') });
  else scan(scanner, request, body);
  request = undefined;
  return true;
}

const input: AsyncIterable<unknown> = process.stdin;
for await (const chunk of input) {
  if (!Buffer.isBuffer(chunk)) break;
  waiting.push(chunk);
  length += chunk.length;
  while (process.exitCode === undefined && goOn());
  if (process.exitCode !== undefined) break;
}
