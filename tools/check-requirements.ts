// docs/requirements.md names every requirement once, and what it claims to be built exists with its test.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportCheck, rootFromArguments } from './finding.ts';
import type { CheckResult, Finding } from './finding.ts';

const file = 'docs/requirements.md';

/** How many ids each family has: `ID` 9 means ID-1 to ID-9. */
const families: Readonly<Record<string, number>> = {
  ID: 9,
  ZT: 5,
  DV: 10,
  SN: 9,
  HE: 3,
  AG: 8,
  AU: 5,
  DT: 8,
  IR: 5,
  CO: 8,
  KM: 4,
  OP: 9,
  IN: 3,
  GO: 9,
};

/** Rows are `| AU-1 | state | what | where | test |`. `ids` is handed in by tests. */
export function checkRequirements(root: string, ids: Readonly<Record<string, number>> = families): CheckResult {
  const wanted = Object.entries(ids).flatMap(([family, count]) =>
    Array.from({ length: count }, (_, index) => `${family}-${String(index + 1)}`),
  );
  const what = 'requirements';
  if (!existsSync(join(root, file))) return { lookedAt: 0, what, findings: [{ file, message: 'Missing' }] };
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const [index, text] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
    const row = /^\| ([A-Z]{2}-\d+) \|(.*)\|\s*$/.exec(text);
    if (row === null) continue;
    const [, id = '', rest = ''] = row;
    const line = index + 1;
    if (seen.has(id)) findings.push({ file, line, message: `"${id}" stands here a second time` });
    seen.add(id);
    if (!wanted.includes(id)) findings.push({ file, line, message: `"${id}" is not a requirement` });
    for (const message of rowFaults(root, id, rest.split('|'))) findings.push({ file, line, message });
  }
  for (const id of wanted) if (!seen.has(id)) findings.push({ file, message: `"${id}" is missing` });
  return { lookedAt: seen.size, what, findings };
}

function rowFaults(root: string, id: string, cells: readonly string[]): string[] {
  const [state = '', wording = '', where = '', test = ''] = cells.map((cell) => cell.trim());
  if (cells.length !== 4) return [`"${id}" has ${String(cells.length + 1)} columns, must have 5`];
  if (wording === '') return [`"${id}" has no wording`];
  if (!['open', 'first form', 'built'].includes(state)) {
    return [`"${id}" is "${state}", must be open, first form or built`];
  }
  if (state === 'open') return [];
  const paths = [...where.matchAll(/`([^`]+)`/g), ...test.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  const faults = paths
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `"${id}" names "${path}", which does not exist`);
  if (!where.includes('`')) faults.push(`"${id}" does not say where it is built`);
  if (state === 'built' && !/`[^`]+\.test\.ts`/.test(test)) faults.push(`"${id}" is built, must name a *.test.ts`);
  return faults;
}

if (import.meta.main) reportCheck(checkRequirements(rootFromArguments()));
