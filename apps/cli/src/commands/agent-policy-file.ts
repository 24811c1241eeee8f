import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { parseJson } from '../json-reading.ts';
import { readBoundedFile } from '../regular-file.ts';

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

/** Its first line says what people call it (`// Name`), a line `// About: …` whose calls it is about; all agents otherwise. */
export async function readAgentPolicyFile(file: string): Promise<AgentPolicyFile> {
  const id = /^([a-z0-9][a-z0-9-]{0,39})\.cedar$/.exec(basename(file))?.[1];
  if (id === undefined)
    throw new CliError(
      'usage',
      `Cannot read "${file}": its name must be 1 to 40 lower-case letters, digits and hyphens, and .cedar`,
    );
  const text = (await readBoundedFile(file, maxTextBytes)).toString('utf8');
  const testFile = join(dirname(file), `${id}.test.json`);
  const tests = existsSync(testFile) ? parseJson((await readBoundedFile(testFile, maxTestBytes)).toString('utf8')) : [];
  if (tests === undefined) throw new CliError('usage', `Cannot read "${testFile}": must be JSON`);
  const name = /^\/\/ (?!About: )(.{1,120})\r?\n/.exec(text)?.[1]?.trim() ?? '';
  return { id, draft: { name: name === '' ? id : name, scope: scopeIn(text, file), text, tests } };
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
