// Front doors: every package says what it exports, each door exists, nothing is exported wholesale, a README explains it.
// Names that say nothing are refused here too.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult, Finding } from './finding.ts';
import { readSources } from './import-graph.ts';
import { readWorkspace } from './workspace.ts';

/** Packages that are started, not imported. */
const started = /^(apps\/|bench$|tools$)/;
const emptyName = /(^|-)(utils?|helpers?|common|manager|misc|data|v2|new)(-|\.|$)/;

export function checkExports(root: string): CheckResult {
  const workspace = readWorkspace(root);
  const findings: Finding[] = [];
  for (const entry of workspace.packages) {
    const file = `${entry.folder}/package.json`;
    if (entry.exports.size === 0 && !started.test(entry.folder)) {
      findings.push({ file, message: 'Exports nothing, must have an exports map' });
    }
    for (const [door, path] of entry.exports) {
      if (!existsSync(join(root, entry.folder, path))) {
        findings.push({ file, message: `Front door "${door}" names "${path}", which does not exist` });
      }
    }
    if (!existsSync(join(root, entry.folder, 'README.md'))) {
      findings.push({ file: entry.folder, message: 'Has no README.md' });
    }
  }
  for (const { file, facts } of readSources(workspace)) {
    for (const reference of facts.references) {
      if (!reference.reExportsAll) continue;
      findings.push({ file, line: reference.line, message: 'Exports everything of a file, must name what it exports' });
    }
    const name = emptyName.exec(basename(file))?.[2];
    if (name !== undefined) findings.push({ file, message: `"${name}" says nothing, must be named for what is in it` });
  }
  const files = workspace.packages.reduce((total, entry) => total + entry.files.length, 0);
  const lookedAt = files === 0 ? 0 : workspace.packages.length;
  return { lookedAt, what: `packages with ${String(files)} files`, findings };
}

if (import.meta.main) reportCheck(checkExports(rootFromArguments()));
