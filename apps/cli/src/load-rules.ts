import { codeOf } from '@sallyport/platform/errors';
import {
  loadSigmaRuleSet,
  type ResolvedCorrelation,
  type SigmaParseOptions,
  type SigmaRule,
  type SigmaSource,
} from '@sallyport/sigma-rules';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CliError } from './errors.ts';
import { readBoundedFile } from './regular-file.ts';
import { whyNot } from './system-errors.ts';
import { isJsonList, isJsonObject, parseJson } from './json-reading.ts';

/** Why a file or a document in it is not in force. */
export type RuleRefusal = { readonly file: string; readonly line: number; readonly reason: string };
export type LoadedRules = {
  /** With filters and field mappings in them. */
  readonly rules: readonly SigmaRule[];
  readonly correlations: readonly ResolvedCorrelation[];
  readonly refusals: readonly RuleRefusal[];
  readonly files: number;
};
type Placeholders = NonNullable<SigmaParseOptions['placeholders']>;

const maxRuleFileBytes = 4 * 1024 * 1024;

/** Everything of Sigma in the files, and in the `.yml` and `.yaml` files below the directories, in the order of their paths. */
export async function loadRules(
  paths: readonly string[],
  placeholders: Placeholders | undefined,
  signal: AbortSignal,
): Promise<LoadedRules> {
  const sources: SigmaSource[] = [];
  const unreadable: RuleRefusal[] = [];
  let files = 0;
  for (const file of (await Promise.all(paths.map(ruleFiles))).flat()) {
    signal.throwIfAborted();
    files += 1;
    const text = await readRuleFile(file);
    if (typeof text === 'string') sources.push({ file, text });
    else unreadable.push(text);
  }
  const { rules, correlations, refusals } = loadSigmaRuleSet(sources, {
    maxLength: maxRuleFileBytes,
    ...(placeholders === undefined ? {} : { placeholders }),
  });
  return { rules, correlations, refusals: [...unreadable, ...refusals], files };
}

async function ruleFiles(path: string): Promise<string[]> {
  try {
    if ((await stat(path)).isFile()) return [path];
    const entries = await readdir(path, { recursive: true });
    return entries
      .filter((entry) => ['.yml', '.yaml'].includes(extname(entry).toLowerCase()))
      .toSorted()
      .map((entry) => join(path, entry));
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read the rules in "${path}": ${whyNot(error)}`, {
      cause: error,
      hint: 'name a directory that holds Sigma rules (.yml)',
    });
  }
}

async function readRuleFile(file: string): Promise<string | RuleRefusal> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readBoundedFile(file, maxRuleFileBytes));
  } catch (error) {
    return {
      file,
      line: 1,
      reason: codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'the file is not UTF-8' : whyNot(error),
    };
  }
}

/** `{ "name": ["value", …] }`: values for `%name%` in rules that use the modifier `expand`. Throws `CliError`. */
export async function readPlaceholders(file: string): Promise<Placeholders> {
  const bytes = await readBoundedFile(file, maxRuleFileBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'check the path',
    });
  });
  const value = parseJson(bytes.toString());
  const table = new Map<string, readonly string[]>();
  const bad = new CliError(
    'input_unreadable',
    `Cannot use "${file}" as placeholders: must be a JSON object of lists of strings`,
    { hint: 'for example {"Administrators": ["admin", "root*"]}' },
  );
  if (!isJsonObject(value)) throw bad;
  for (const [name, entry] of Object.entries(value)) {
    if (!isJsonList(entry)) throw bad;
    const texts: string[] = [];
    for (const item of entry) {
      if (typeof item !== 'string') throw bad;
      texts.push(item);
    }
    table.set(name, texts);
  }
  return Object.fromEntries(table);
}
