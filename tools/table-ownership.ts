// A module's tables are read by that module alone. A package owns the tables its source creates.
import type { Finding } from './finding.ts';
import type { SourceFile } from './import-graph.ts';

/** Uses of another package's table, in Kysely calls and in SQL text, tests included. */
export function findForeignTables(sources: readonly SourceFile[]): Finding[] {
  const owners = new Map<string, SourceFile>();
  const findings: Finding[] = [];
  for (const source of sources) {
    if (source.file.endsWith('.test.ts')) continue;
    for (const { name, line } of source.facts.tablesCreated) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, source);
      else if (owner.owner !== source.owner) {
        findings.push({
          file: source.file,
          line,
          message: `Table "${name}" is already created by ${owner.owner.name}`,
        });
      }
    }
  }
  const foreign = (source: SourceFile, name: string, line: number): void => {
    const owner = owners.get(name);
    if (owner === undefined || owner.owner === source.owner) return;
    findings.push({ file: source.file, line, message: `Table "${name}" belongs to ${owner.owner.name} alone` });
  };
  for (const source of sources) {
    const own = new Set(source.facts.tablesCreated.map((table) => table.name));
    for (const { name, line } of source.facts.tablesUsed) if (!own.has(name)) foreign(source, name, line);
    for (const { name: sql, line } of source.facts.sqlTexts) {
      for (const name of tablesInSql(sql)) if (!own.has(name)) foreign(source, name, line);
    }
  }
  return findings;
}

function tablesInSql(sql: string): Set<string> {
  const names = sql.matchAll(/\b(?:from|join|into|update|table|exists)\s+["`]?(?:\w+\.)?["`]?(\w+)/gi);
  return new Set([...names].flatMap((match) => match[1] ?? []));
}
