// A file is one idea: over 300 lines is reported, over 500 fails. Tables and generated files are listed by name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult, Finding } from './finding.ts';
import { readWorkspace } from './workspace.ts';

/** Files that are a table or generated; relative to the root. */
const tableFiles: readonly string[] = [
  'apps/console/src/api/client.generated.ts',
  'foundation/ocsf/src/schema/schema.generated.ts',
];

const explainOver = 300;
const stopOver = 500;

export function checkFileSize(root: string, tables: readonly string[] = tableFiles): CheckResult {
  const files = readWorkspace(root).packages.flatMap((entry) => entry.files);
  const findings: Finding[] = tables
    .filter((file) => !files.includes(file))
    .map((file) => ({ file, message: 'Is listed as a table and does not exist, must be taken off the list' }));
  const notes: string[] = [];
  for (const file of files) {
    if (tables.includes(file)) continue;
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
    const message = `Has ${String(lines)} lines, must be at most ${String(stopOver)}`;
    if (lines > stopOver) findings.push({ file, message });
    else if (lines > explainOver) notes.push(`note: ${file} has ${String(lines)} lines, over ${String(explainOver)}`);
  }
  return { lookedAt: files.length, what: 'files', findings, notes };
}

if (import.meta.main) reportCheck(checkFileSize(rootFromArguments()));
