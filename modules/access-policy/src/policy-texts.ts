import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AccessPolicyError } from './errors.ts';

/** The schema and the policies, in Cedar's own language (version 4.5). */
export type PolicyTexts = {
  readonly schema: string;
  readonly policies: readonly {
    readonly file: string;
    readonly text: string;
    /** Written by the organisation: bounded, and about anybody but the operator. */
    readonly own?: boolean;
  }[];
};

/** Reads `schema.cedarschema` and every `*.cedar` of a directory, ordered by name. Throws `policy_invalid` when there is no policy. */
export async function readPolicyTexts(directory: string): Promise<PolicyTexts> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.cedar')).toSorted();
  if (files.length === 0)
    throw new AccessPolicyError('policy_invalid', `Cannot load policies from "${directory}": must hold a *.cedar file`);
  return {
    schema: await readFile(join(directory, 'schema.cedarschema'), 'utf8'),
    policies: await Promise.all(
      files.map(async (file) => ({ file, text: await readFile(join(directory, file), 'utf8') })),
    ),
  };
}
