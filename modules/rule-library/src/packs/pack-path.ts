/** Longest path of a file in a pack, in characters. */
const maxPathLength = 400;

/**
 * Why a file of a pack may not be called so; undefined when it may. One way to write each name on every system: relative, `/` between
 * parts, plain characters, nothing hidden, nothing that a system reserves. Packs are never unpacked, and names still go into findings and pages.
 */
export function objectionToPath(path: string): string | undefined {
  if (path.length === 0 || path.length > maxPathLength) return `a path must have 1 to ${maxPathLength} characters`;
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'a path must be relative';
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'a path must not have empty parts, "." or ".."';
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.+,@ ()-]*$/.test(part) || /[. ]$/.test(part))
      return 'parts of a path must be plain letters, digits and _ . + , @ ( ) -, and begin with a letter or digit';
    if (/^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i.test(part)) return 'a part of the path is a name of a device';
  }
  return undefined;
}

/** Bytewise, as the index of a pack is ordered. */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Two paths that some file system takes for one. */
export function sameOnSomeSystem(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
