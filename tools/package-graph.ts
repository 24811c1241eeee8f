// The package graph as text, and its place in ARCHITECTURE.md.
import { levelOf } from './ranks.ts';
import type { WorkspacePackage } from './workspace.ts';

const begin = '<!-- package-graph:begin (written by tools/check-boundaries.ts --write) -->';
const end = '<!-- package-graph:end -->';

/** One line a package, highest rank first: `rank 2    event-intake → contracts, ledger`. Tests' imports are not arrows. */
export function formatPackageGraph(
  packages: readonly WorkspacePackage[],
  edges: ReadonlyMap<string, ReadonlySet<string>>,
): string {
  const shortName = (name: string): string => name.replace(/^@[^/]+\//, '');
  const rows = packages
    .filter((entry) => levelOf(entry.folder)?.name !== 'aside')
    .map((entry) => ({
      level: levelOf(entry.folder),
      name: shortName(entry.name),
      targets: [...(edges.get(entry.name) ?? [])].map(shortName).toSorted(),
    }))
    .toSorted((a, b) => (b.level?.height ?? 0) - (a.level?.height ?? 0) || (a.name < b.name ? -1 : 1));
  const width = Math.max(0, ...rows.map((row) => row.name.length));
  return rows
    .map((row) => {
      const arrow = row.targets.length === 0 ? '' : ` → ${row.targets.join(', ')}`;
      return `${(row.level?.name ?? '?').padEnd(11)}${arrow === '' ? row.name : row.name.padEnd(width)}${arrow}`;
    })
    .join('\n');
}

/** `text` with the block between the markers replaced, or undefined when the markers are not there. */
export function replacePackageGraph(text: string, graph: string): string | undefined {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) return undefined;
  return `${text.slice(0, from)}${begin}\n\`\`\`\n${graph}\n\`\`\`\n${text.slice(to)}`;
}
