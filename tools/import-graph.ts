// Resolves what a source file names to the file and package it lands in, and finds cycles.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { readSourceFacts } from './source-facts.ts';
import type { Reference, SourceFacts } from './source-facts.ts';
import type { Workspace, WorkspacePackage } from './workspace.ts';

export type SourceFile = { readonly file: string; readonly owner: WorkspacePackage; readonly facts: SourceFacts };

/** Where a reference lands. */
export type Target =
  | { readonly kind: 'file'; readonly file: string; readonly owner: WorkspacePackage | undefined }
  | {
      readonly kind: 'door';
      readonly owner: WorkspacePackage;
      readonly file: string | undefined;
      readonly door: string;
    }
  | { readonly kind: 'npm'; readonly name: string }
  | { readonly kind: 'node'; readonly name: string };

export function readSources(workspace: Workspace): SourceFile[] {
  return workspace.packages.flatMap((owner) =>
    owner.files.map((file) => {
      const text = readFileSync(join(workspace.root, file), 'utf8');
      return { file, owner, facts: readSourceFacts(file, text) };
    }),
  );
}

export function resolveReference(workspace: Workspace, from: SourceFile, reference: Reference): Target {
  const { specifier } = reference;
  if (reference.kind === 'url' || /^\.{0,2}\//.test(specifier)) {
    const file = normalize(join(dirname(from.file), specifier));
    const owner = workspace.packages.find((candidate) => file.startsWith(`${candidate.folder}/`));
    return { kind: 'file', file, owner };
  }
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier.slice('node:'.length) };
  const [first = '', second = '', ...rest] = specifier.split('/');
  const scoped = specifier.startsWith('@');
  const name = scoped ? `${first}/${second}` : first;
  const path = (scoped ? rest : [second, ...rest]).filter((part) => part !== '').join('/');
  const owner = workspace.packages.find((candidate) => candidate.name === name);
  if (owner === undefined) return { kind: 'npm', name };
  const door = path === '' ? '.' : `./${path}`;
  const file = owner.exports.get(door);
  return { kind: 'door', owner, door, file: file === undefined ? undefined : `${owner.folder}/${file}` };
}

/** Groups of nodes that reach each other, each group once, in a stable order (Tarjan). */
export function findCycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const state = new Map<string, { readonly index: number; low: number; open: boolean }>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): { low: number; index: number; open: boolean } => {
    const own = { index: state.size, low: state.size, open: true };
    state.set(node, own);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      const seen = state.get(next);
      if (seen === undefined) own.low = Math.min(own.low, visit(next).low);
      else if (seen.open) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const group = stack.splice(stack.lastIndexOf(node));
      for (const member of group) {
        const entry = state.get(member);
        if (entry !== undefined) entry.open = false;
      }
      if (group.length > 1 || edges.get(node)?.has(node) === true) cycles.push(group.toSorted());
    }
    return own;
  };
  for (const node of [...edges.keys()].toSorted()) if (!state.has(node)) visit(node);
  return cycles;
}

export function fileExists(workspace: Workspace, file: string): boolean {
  return existsSync(join(workspace.root, file));
}
