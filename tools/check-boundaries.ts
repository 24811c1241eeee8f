// Boundaries between packages, which neither Node nor tsc guards: `../../other/src` and undeclared imports pass both.
// Declared dependencies only, arrows down in rank, no cycles (type-only imports count), front doors only,
// a pure foundation, a platform without product words, and each module's tables read by it alone.
// `--write` brings the package graph in ARCHITECTURE.md up to date; without it a stale graph is a finding.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult, Finding } from './finding.ts';
import { fileExists, findCycles, readSources, resolveReference } from './import-graph.ts';
import type { SourceFile, Target } from './import-graph.ts';
import { formatPackageGraph, replacePackageGraph } from './package-graph.ts';
import { findImpurities, findProductWords } from './purity.ts';
import { forbiddenArrow, levelOf } from './ranks.ts';
import { findForeignTables } from './table-ownership.ts';
import { isTestingFile, readWorkspace } from './workspace.ts';
import type { Workspace, WorkspacePackage } from './workspace.ts';

export function checkBoundaries(root: string, options: { write?: boolean } = {}): CheckResult {
  const workspace = readWorkspace(root);
  const sources = readSources(workspace);
  const fileEdges = new Map<string, Set<string>>();
  const packageEdges = new Map<string, Set<string>>(workspace.packages.map((entry) => [entry.name, new Set()]));
  const findings: Finding[] = [];

  for (const entry of workspace.packages) {
    if (levelOf(entry.folder) !== undefined) continue;
    findings.push({ file: `${entry.folder}/package.json`, message: `Has no rank, must be listed in tools/ranks.ts` });
  }
  for (const source of sources) {
    const edges = new Set<string>();
    fileEdges.set(source.file, edges);
    for (const error of source.facts.syntaxErrors) {
      findings.push({ file: source.file, line: error.line, message: `Cannot parse: ${error.name}` });
    }
    for (const reference of source.facts.references) {
      const target = resolveReference(workspace, source, reference);
      const fault = faultOf(workspace, source, target, reference.kind);
      if (fault !== undefined) {
        findings.push({ file: source.file, line: reference.line, message: `"${reference.specifier}": ${fault}` });
      }
      // A URL starts a thread or process, or names a data file: the file it names does not load with this one.
      if (reference.kind === 'module' && 'file' in target && target.file !== undefined) edges.add(target.file);
      if (target.kind === 'door' && target.owner !== source.owner && !isTestingFile(source.file)) {
        packageEdges.get(source.owner.name)?.add(target.owner.name);
      }
    }
  }
  for (const [what, edges] of [['Packages', packageEdges] as const, ['Files', fileEdges] as const]) {
    for (const cycle of findCycles(edges)) {
      findings.push({ file: cycle[0] ?? '.', message: `${what} import each other in a cycle: ${cycle.join(', ')}` });
    }
  }
  findings.push(...findImpurities(sources), ...findProductWords(root, sources), ...findForeignTables(sources));
  const graph = formatPackageGraph(workspace.packages, packageEdges);
  findings.push(...graphFindings(root, graph, options.write ?? false));

  const arrows = [...packageEdges.values()].reduce((total, targets) => total + targets.size, 0);
  const what = `files in ${String(workspace.packages.length)} packages with ${String(arrows)} arrows`;
  return { lookedAt: sources.length, what, findings };
}

/** What is wrong with an import, or undefined. */
function faultOf(workspace: Workspace, source: SourceFile, target: Target, kind: 'module' | 'url'): string | undefined {
  const inTest = isTestingFile(source.file);
  if (!inTest && 'file' in target && target.file !== undefined && isTestingFile(target.file)) {
    return 'Only tests may load this file';
  }
  switch (target.kind) {
    case 'node':
      return undefined;
    case 'npm':
      return isDeclared(workspace, source.owner, target.name, inTest)
        ? undefined
        : `Not a dependency of ${source.owner.name}, must be declared in ${source.owner.folder}/package.json`;
    case 'file':
      if (target.owner === source.owner) {
        return kind === 'url' || fileExists(workspace, target.file) ? undefined : 'No such file';
      }
      // Tests may name data files anywhere, as in vectors shared by the whole checkout.
      return kind === 'url' && inTest ? undefined : `Leaves ${source.owner.folder}, must go through a front door`;
    case 'door': {
      if (target.file === undefined) return `"${target.door}" is not exported by ${target.owner.name}`;
      if (target.owner === source.owner) return undefined;
      const arrow = forbiddenArrow(source.owner, target.owner, inTest);
      if (arrow !== undefined) return arrow;
      return isDeclared(workspace, source.owner, target.owner.name, inTest)
        ? undefined
        : `Not a dependency of ${source.owner.name}, must be declared in ${source.owner.folder}/package.json`;
    }
  }
}

function isDeclared(workspace: Workspace, owner: WorkspacePackage, name: string, inTest: boolean): boolean {
  if (owner.dependencies.has(name)) return true;
  if (!inTest) return false;
  return owner.developmentDependencies.has(name) || workspace.rootDevelopmentDependencies.has(name);
}

function graphFindings(root: string, graph: string, write: boolean): Finding[] {
  const file = 'ARCHITECTURE.md';
  const path = join(root, file);
  if (!existsSync(path)) return [{ file, message: 'Missing, must hold the package graph' }];
  const text = readFileSync(path, 'utf8');
  const wanted = replacePackageGraph(text, graph);
  if (wanted === undefined) return [{ file, message: 'Has no package graph between its markers' }];
  if (wanted === text) return [];
  if (write) {
    writeFileSync(path, wanted);
    return [];
  }
  return [{ file, message: 'The package graph is stale: run node tools/launch.mjs tools/check-boundaries.ts --write' }];
}

if (import.meta.main) reportCheck(checkBoundaries(rootFromArguments(), { write: process.argv.includes('--write') }));
