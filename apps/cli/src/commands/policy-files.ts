import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { parseJson } from '../json-reading.ts';
import { readBoundedFile } from '../regular-file.ts';

/** One policy document in a directory: `ID.cedar`, its first line `// Name` where people call it otherwise, and `ID.test.json` where it has tests. */
export type PolicyFile = {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly tests: JsonValue;
};

const maxTextBytes = 64 * 1024;
const maxTestBytes = 512 * 1024;
const namePattern = /^([a-z0-9][a-z0-9-]{0,39})\.cedar$/;

/** Ordered by id. Throws `CliError` `usage` for a file that cannot be one. */
export async function readPolicyDirectory(directory: string): Promise<readonly PolicyFile[]> {
  const files = list(directory);
  const found: PolicyFile[] = [];
  for (const file of files.filter((name) => name.endsWith('.cedar'))) {
    const id = namePattern.exec(file)?.[1];
    if (id === undefined)
      throw new CliError(
        'usage',
        `Cannot read "${file}": its name must be 1 to 40 lower-case letters, digits and hyphens`,
      );
    const text = (await readBoundedFile(join(directory, file), maxTextBytes)).toString('utf8');
    const testFile = `${id}.test.json`;
    const tests = files.includes(testFile)
      ? parseJson((await readBoundedFile(join(directory, testFile), maxTestBytes)).toString('utf8'))
      : [];
    if (tests === undefined) throw new CliError('usage', `Cannot read "${testFile}": must be JSON`);
    const name = /^\/\/ (.{1,120})\n/.exec(text)?.[1]?.trim();
    found.push({ id, name: name === undefined || name === '' ? id : name, text, tests });
  }
  return found;
}

export function writePolicyDirectory(directory: string, documents: readonly PolicyFile[]): void {
  mkdirSync(directory, { recursive: true });
  for (const { id, text, tests } of documents) {
    if (!namePattern.test(`${id}.cedar`))
      throw new CliError('usage', `Cannot write a document called "${id.slice(0, 60)}"`);
    writeFileSync(join(directory, `${id}.cedar`), text);
    writeFileSync(join(directory, `${id}.test.json`), `${JSON.stringify(tests, null, 2)}\n`);
  }
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch (error) {
    throw new CliError('usage', `Cannot read "${directory}": must be a directory with *.cedar files`, { cause: error });
  }
}
