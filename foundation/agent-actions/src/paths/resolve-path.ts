import type { CallContext, PathClass } from '../action.ts';
import { hole, isWild, known, shown, wild } from '../run/text.ts';
import { mayMatch } from './glob.ts';
import { notSecretPatterns, pathRules } from './path-rules.ts';

export type PlacedPath = {
  /** Absolute, without `.`, `..` and known links; `*` for what is not known. */
  readonly path: string;
  readonly classes: readonly PathClass[];
  readonly isMany: boolean;
  readonly isKnown: boolean;
};

const maxLength = 4096;
const maxLinks = 32;

/**
 * Where a path as it was written leads, and what that is. `links` are the symbolic links known. What is not known keeps the known part
 * before it, so that its classes are those of where it begins; that it may lead elsewhere is said by `isKnown`.
 */
export function placePath(
  written: string,
  cwd: string,
  context: CallContext,
  links: ReadonlyMap<string, string> = new Map(),
): PlacedPath {
  const cut = written.slice(0, maxLength);
  const absolute = (cut.startsWith('/') ? cut : `${cwd}/${cut}`)
    .replace(/^\/+proc\/+(?:self|thread-self|\d+)\/+root(?=\/|$)/, '')
    .replace(/^\/+proc\/+(?:self|thread-self)\/+cwd(?=\/|$)/, () => cwd);
  const { path, isLost } = followLinks(collapseSets(absolute), (at) => links.get(at) ?? context.links?.get(at));
  const isKnown = !isLost && !path.includes(hole) && written.length <= maxLength;
  return {
    path: shown(path),
    classes: classesOf(path, context),
    isMany: isWild(known(path)),
    isKnown,
  };
}

/** A set of the shell, `[a-z]`, is some one character. */
function collapseSets(path: string): string {
  return path.replaceAll(/\uE002[^/\]]+\]/g, wild.one).replaceAll(wild.set, '[');
}

/** Goes name by name, as the kernel does: `..` leaves where the link led, not where it stands. */
function followLinks(
  absolute: string,
  linkAt: (path: string) => string | undefined,
): { readonly path: string; readonly isLost: boolean } {
  const waiting = absolute.split('/').toReversed();
  const names: string[] = [];
  let followed = 0;
  for (;;) {
    const name = waiting.pop();
    if (name === undefined) return { path: `/${names.join('/')}`, isLost: false };
    if (name === '' || name === '.') continue;
    if (name === '..') {
      // What is not known may be several names, or lead up itself.
      if (names.pop()?.includes(hole) === true) return { path: `/${[...names, hole].join('/')}`, isLost: true };
      continue;
    }
    const target = linkAt(`/${[...names, name].join('/')}`);
    if (target === undefined) {
      names.push(name);
      continue;
    }
    followed += 1;
    if (followed > maxLinks) return { path: `/${[...names, name].join('/')}`, isLost: true };
    if (target.startsWith('/')) names.length = 0;
    waiting.push(...target.split('/').toReversed());
  }
}

function classesOf(path: string, context: CallContext): PathClass[] {
  const classes: PathClass[] = [isWithinAny(path, context.workspace) ? 'workspace' : 'outside'];
  const lower = path.toLowerCase();
  const home = context.home?.toLowerCase();
  if (home !== undefined && isWithin(lower, home)) classes.push('home');
  const looked = lookedAt(lower);
  const homes = homesOf(home);
  const matches = (rule: PathRule): boolean => isNamedBy(looked, rule, homes);
  for (const { class: name, rules } of classRules) {
    if (rules.some(matches)) classes.push(name);
  }
  if ((context.guardPaths ?? []).some((guard) => isWithin(path, guard) || mayMatch(path, `${guard}/**`))) {
    if (!classes.includes('harness-settings')) classes.push('harness-settings');
  }
  const isOnlyExample = classes.includes('secret') && !looked.isWild && notSecretRules.some(matches);
  // The workspace may lie under a directory of the system, such as /srv or /opt.
  const isHere = classes.includes('workspace');
  // Files in memory, which Linux keeps beside its devices.
  const isInMemory = path.startsWith('/dev/shm/') && !looked.isWild;
  return classes.filter(
    (name) =>
      !(name === 'secret' && isOnlyExample) &&
      !(name === 'device' && isInMemory) &&
      !(isHere && (name === 'system' || name === 'temporary')),
  );
}

function homesOf(home: string | undefined): readonly string[] {
  const usual = ['/home/*', '/root', '/users/*'];
  return home === undefined ? usual : [home, ...usual];
}

/** A path as rules look at it; each is asked about by some hundred of them. */
type LookedAt = {
  readonly path: string;
  readonly isWild: boolean;
  /**
   * `*` and `*.ts` could be the name of any secret; what they are taken for is a file of that form and no other. Undefined for other paths.
   */
  readonly ofItsForm?: string;
};

function lookedAt(path: string): LookedAt {
  if (!isWild(known(path))) return { path, isWild: false };
  const isAnyName = /\/\uE000(?:\.[a-z0-9]+)?$/.test(path);
  return { path, isWild: true, ...(isAnyName ? { ofItsForm: path.replaceAll(/[\uE000-\uE002]/g, 'x') } : {}) };
}

type PathRule = {
  readonly pattern: string;
  readonly isOfHome: boolean;
  readonly isAnywhere: boolean;
  /** Stands in every path without wildcards that the rule names: most hold none of them, which is seen without walking. */
  readonly word: string;
};

function readRule(pattern: string): PathRule {
  return {
    pattern,
    isOfHome: pattern.startsWith('~'),
    isAnywhere: pattern.startsWith('**/'),
    word: /[^*/~]{3,}/.exec(pattern)?.[0] ?? '',
  };
}

const classRules = pathRules.map(({ class: name, patterns }) => ({ class: name, rules: patterns.map(readRule) }));
const notSecretRules = notSecretPatterns.map(readRule);

function isNamedBy(looked: LookedAt, rule: PathRule, homes: readonly string[]): boolean {
  const plain = looked.isWild ? (rule.isAnywhere ? looked.ofItsForm : undefined) : looked.path;
  if (plain?.includes(rule.word) === false) return false;
  const path = plain ?? looked.path;
  const { pattern } = rule;
  return rule.isOfHome ? homes.some((home) => mayMatch(path, home + pattern.slice(1))) : mayMatch(path, pattern);
}

function isWithinAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => isWithin(path, root));
}

function isWithin(path: string, root: string): boolean {
  const base = root.replace(/\/+$/, '');
  return path === base || path.startsWith(`${base}/`);
}
