// Outside code: exact versions, one version each, a line in decisions/dependencies.md that says why,
// a lockfile that holds hashes and no registry's address, and an install that runs no script.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult, Finding } from './finding.ts';
import { readManifest, readWorkspace, recordOf } from './workspace.ts';
import type { Workspace } from './workspace.ts';

const recordFile = 'decisions/dependencies.md';
const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

type Declared = { readonly name: string; readonly version: string; readonly file: string };

export function checkDependencies(root: string): CheckResult {
  const workspace = readWorkspace(root);
  const declared = declaredOutside(workspace);
  const findings: Finding[] = [...recordFindings(root, declared), ...lockfileFindings(root)];
  const versions = new Map<string, Declared>();
  for (const entry of declared) {
    const { name, version, file } = entry;
    if (!exactVersion.test(version)) {
      findings.push({ file, message: `"${name}" is "${version}", must be an exact version` });
    }
    const other = versions.get(name);
    if (other !== undefined && other.version !== version) {
      findings.push({ file, message: `"${name}" is ${version} here and ${other.version} in ${other.file}` });
    }
    versions.set(name, entry);
  }
  const npmrc = join(root, '.npmrc');
  if (!existsSync(npmrc) || !/^ignore-scripts=true$/m.test(readFileSync(npmrc, 'utf8'))) {
    findings.push({ file: '.npmrc', message: 'Lets packages run scripts at install, must say ignore-scripts=true' });
  }
  return { lookedAt: versions.size, what: 'packages from outside', findings };
}

function declaredOutside(workspace: Workspace): Declared[] {
  const own = new Set(workspace.packages.map((entry) => entry.name));
  const declared: Declared[] = [];
  const add = (file: string, map: ReadonlyMap<string, string>): void => {
    for (const [name, version] of map) if (!own.has(name)) declared.push({ name, version, file });
  };
  add('package.json', workspace.rootDevelopmentDependencies);
  add('package.json', workspace.rootOptionalDependencies);
  for (const entry of workspace.packages) {
    add(`${entry.folder}/package.json`, entry.dependencies);
    add(`${entry.folder}/package.json`, entry.developmentDependencies);
  }
  return declared;
}

/** Rows are `| \`name\` | what | why | licence | who keeps it |`; every declared package has one, and no other has. */
function recordFindings(root: string, declared: readonly Declared[]): Finding[] {
  if (!existsSync(join(root, recordFile))) return [{ file: recordFile, message: 'Missing' }];
  const findings: Finding[] = [];
  const recorded = new Set<string>();
  for (const [index, text] of readFileSync(join(root, recordFile), 'utf8').split('\n').entries()) {
    const name = /^\| `([^`]+)` \|/.exec(text)?.[1];
    if (name === undefined) continue;
    recorded.add(name);
    const cells = text.split('|').slice(2, -1);
    if (cells.length !== 4 || cells.some((cell) => cell.trim() === '')) {
      const message = `"${name}" must say what it does, why it was chosen, its licence and who keeps it`;
      findings.push({ file: recordFile, line: index + 1, message });
    }
    if (!declared.some((entry) => entry.name === name)) {
      findings.push({ file: recordFile, line: index + 1, message: `"${name}" is no longer a dependency` });
    }
  }
  const missing = declared.filter((entry) => !recorded.has(entry.name));
  return [
    ...findings,
    ...missing.map(({ name, file }) => ({ file, message: `"${name}" has no line in ${recordFile}` })),
  ];
}

function lockfileFindings(root: string): Finding[] {
  const file = 'package-lock.json';
  if (!existsSync(join(root, file))) return [{ file, message: 'Missing' }];
  const findings: Finding[] = [];
  for (const [path, value] of Object.entries(recordOf(readManifest(join(root, file))['packages']))) {
    const entry = recordOf(value);
    const resolved = entry['resolved'];
    if (typeof resolved === 'string' && /^[a-z+]+:\/\//.test(resolved)) {
      findings.push({
        file,
        message: `"${path}" names the address "${resolved}", must be resolved by the registry in use`,
      });
    }
    const fromOutside = path.includes('node_modules/') && entry['link'] !== true;
    // What tools/complete-lockfile.ts adds for other platforms has no hash; it is optional and never installed here.
    if (fromOutside && typeof entry['integrity'] !== 'string' && entry['optional'] !== true) {
      findings.push({ file, message: `"${path}" has no integrity hash` });
    }
  }
  return findings;
}

if (import.meta.main) reportCheck(checkDependencies(rootFromArguments()));
