// Policies as OpenBao reads them: which path lets a token do what.
import { TransitRefusal, unknownHere } from './transit-refusal.ts';

export type Operation = 'create' | 'read' | 'update' | 'delete' | 'list';
export type PolicyRule = {
  /** Without the star it ended in. */
  readonly path: string;
  readonly isPrefix: boolean;
  readonly capabilities: readonly string[];
};

const known = new Set(['create', 'read', 'update', 'delete', 'list', 'patch', 'sudo', 'scan', 'deny']);
const block = /\s*path\s+"([^"]+)"\s*\{\s*capabilities\s*=\s*\[([^\]]*)\]\s*\}\s*/y;

/** Reads the part of the language in which a path has capabilities and nothing else. Throws for the rest. */
export function parsePolicy(text: string): readonly PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (block.lastIndex = 0; block.lastIndex < text.length;) {
    const at = block.lastIndex;
    const [, path, list] = block.exec(text) ?? [];
    if (path === undefined || list === undefined) throw unknownHere(`this in a policy: ${text.slice(at, at + 60)}`);
    if (path.includes('+')) throw unknownHere('"+" in a path of a policy');
    const capabilities = [...list.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
    const wrong = capabilities.find((name) => !known.has(name));
    if (wrong !== undefined) {
      const where = `path "${path}": `;
      throw new TransitRefusal(400, `failed to parse policy: ${where}${where}invalid capability "${wrong}"`);
    }
    const isPrefix = path.endsWith('*');
    rules.push({ path: isPrefix ? path.slice(0, -1) : path, isPrefix, capabilities });
  }
  return rules;
}

/**
 * What the rules allow at a path, in alphabetical order; the exact path counts before the longest beginning of it. A folder,
 * which can only be listed, is also meant by its path without the slash at its end.
 */
export function capabilitiesAt(rules: readonly PolicyRule[], path: string): readonly string[] {
  const exactly = (wanted: string): PolicyRule[] => rules.filter((rule) => !rule.isPrefix && rule.path === wanted);
  const prefixes = rules.filter((rule) => rule.isPrefix && path.startsWith(rule.path));
  const longest = Math.max(...prefixes.map((rule) => rule.path.length));
  const counting = [
    exactly(path),
    path.endsWith('/') ? exactly(path.slice(0, -1)) : [],
    prefixes.filter((rule) => rule.path.length === longest),
  ].find((found) => found.length > 0);
  const found = new Set(counting?.flatMap(({ capabilities }) => capabilities));
  return found.size === 0 || found.has('deny') ? ['deny'] : [...found].toSorted();
}
