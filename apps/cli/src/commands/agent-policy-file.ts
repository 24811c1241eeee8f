import { basename, dirname, join } from 'node:path';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { field, isJsonList, parseJson, textField } from '../json-reading.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';

/** A document of policies for agents: `ID.cedar` and, where it has tests, `ID.test.json` beside it. */
export type AgentPolicyFile = {
  readonly id: string;
  readonly draft: {
    readonly name: string;
    readonly scope: JsonValue;
    readonly text: string;
    readonly tests: JsonValue;
  };
};

const maxTextBytes = 64 * 1024;
const maxTestBytes = 512 * 1024;
const fileName = /^([a-z0-9][a-z0-9-]{0,39})\.cedar$/;

/** Of a document. Throws `usage`, naming what was to be done with it. */
export function agentPolicyId(text: string, action: string): string {
  if (fileName.test(`${text}.cedar`)) return text;
  throw new CliError(
    'usage',
    `Cannot ${action} "${text.slice(0, 60)}": its id must be 1 to 40 lower-case letters, digits and hyphens`,
    { hint: 'see which there are: sallyport agent policies list' },
  );
}

/** What is said of such a file in the help of a command. */
export const agentPolicyFileWords =
  'ID.cedar, with ID.test.json beside it; "// About: agent ID" in it says whose calls it is about';

/** Its first line says what people call it (`// Name`), a line `// About: …` whose calls it is about; all agents otherwise. */
export async function readAgentPolicyFile(file: string): Promise<AgentPolicyFile> {
  const id = fileName.exec(basename(file))?.[1];
  if (id === undefined)
    throw new CliError(
      'usage',
      `Cannot read "${file}": its name must be 1 to 40 lower-case letters, digits and hyphens, and .cedar`,
    );
  const text = await readText(file, maxTextBytes);
  const testFile = join(dirname(file), `${id}.test.json`);
  const tests = existsSync(testFile) ? parseJson(await readText(testFile, maxTestBytes)) : [];
  if (!isJsonList(tests)) throw new CliError('usage', `Cannot read "${testFile}": must be a list of tests in JSON`);
  return { id, draft: { name: nameIn(text, id), scope: scopeIn(text, file), text, tests } };
}

async function readText(file: string, maxBytes: number): Promise<string> {
  try {
    return (await readBoundedFile(file, maxBytes)).toString('utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  }
}

/** Those of a folder, by id, and the file itself where it is none. */
export async function readAgentPolicyPaths(paths: readonly string[]): Promise<readonly AgentPolicyFile[]> {
  const found: AgentPolicyFile[] = [];
  for (const path of paths) {
    const files = isDirectory(path) ? cedarFilesOf(path) : [path];
    for (const file of files) found.push(await readAgentPolicyFile(file));
  }
  const twice = found.find(({ id }, at) => found.findIndex((one) => one.id === id) !== at);
  if (twice !== undefined) throw new CliError('usage', `Cannot read two documents called "${twice.id}"`);
  return found;
}

/** Throws `usage` where there is no such folder, or nothing in it: a wrong path must not pass for no policies. */
function cedarFilesOf(directory: string): readonly string[] {
  const names = ((): string[] => {
    try {
      return readdirSync(directory).toSorted();
    } catch (error) {
      throw new CliError('usage', `Cannot read "${directory}": must be a folder with *.cedar files`, { cause: error });
    }
  })().filter((name) => name.endsWith('.cedar'));
  if (names.length === 0) throw new CliError('usage', `Cannot read "${directory}": it must hold *.cedar files`);
  return names.map((name) => join(directory, name));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** As a file that reads back as the document: what was called or about something else in its text is said before it. */
export function agentPolicyText({ id, draft: { name, scope, text } }: AgentPolicyFile): string {
  const readsBack = (written: string): boolean => {
    try {
      return nameIn(written, id) === name && isDeepStrictEqual(scopeIn(written, id), scope);
    } catch {
      return false;
    }
  };
  if (readsBack(text)) return text;
  const written = `// ${name}\n// About: ${scopeText(scope)}\n${text}`;
  if (readsBack(written)) return written;
  throw new CliError(
    'output_unwritable',
    `Cannot write document "${id}": what it is called or about cannot stand in a file`,
    { hint: `rename it in the console, or read it as JSON: sallyport agent policies show ${id} --json` },
  );
}

/** Throws `output_unwritable`. */
export function writeAgentPolicyFiles(directory: string, files: readonly AgentPolicyFile[]): void {
  const written = files.map((file) => {
    if (!fileName.test(`${file.id}.cedar`))
      throw new CliError('output_unwritable', `Cannot write a document called "${file.id.slice(0, 60)}"`);
    return { id: file.id, text: agentPolicyText(file), tests: `${JSON.stringify(file.draft.tests, null, 2)}\n` };
  });
  try {
    // Not with its parents: of a folder that cannot be made, as in /proc, Node never tells then.
    if (!isDirectory(directory)) mkdirSync(directory);
    for (const { id, text, tests } of written) {
      writeFileSync(join(directory, `${id}.cedar`), text);
      writeFileSync(join(directory, `${id}.test.json`), tests);
    }
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write into "${directory}": ${whyNot(error)}`, { cause: error });
  }
}

function nameIn(text: string, id: string): string {
  const name = /^\/\/ (?!About: )(.{1,120})\r?\n/.exec(text)?.[1]?.trim() ?? '';
  return name === '' ? id : name;
}

function scopeIn(text: string, file: string): JsonValue {
  const said = /^\/\/ About: (.{1,600})$/m.exec(text)?.[1]?.trim() ?? 'all agents';
  if (said === 'all agents') return { kind: 'all' };
  const [, kind, value = ''] = /^(agent|person|repository) (\S.*)$/.exec(said) ?? [];
  if (kind === 'agent' || kind === 'person') return { kind, id: value };
  if (kind === 'repository') return { kind, name: value };
  throw new CliError(
    'usage',
    `Cannot read "${file}": "// About: ${said.slice(0, 80)}" must be all agents, agent ID, person ID or repository ADDRESS`,
  );
}

function scopeText(scope: JsonValue): string {
  const kind = textField(scope, 'kind') ?? '';
  const value = field(scope, kind === 'repository' ? 'name' : 'id');
  return typeof value === 'string' ? `${kind} ${value}` : 'all agents';
}
