import type { Identifier } from './personal-query.ts';

export const ownKinds = [
  'custom',
  'user-name',
  'email',
  'phone',
  'ip',
] as const satisfies readonly Identifier['kind'][];
export type OwnKind = (typeof ownKinds)[number];

const namePattern = /^[a-z0-9][a-z0-9-]{0,49}$/;
const pathPattern = /^(?:\*\*?|[A-Za-z0-9_@$:-]{1,64}(?:\[\])?)(?:\.(?:\*\*?|[A-Za-z0-9_@$:-]{1,64}(?:\[\])?)){0,11}$/;
const mostPaths = 40;

/** What is written one a line, without the empty ones. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Whether a declaration can be sent, and else what it lacks; nothing is said of what was not begun. */
export function judgeDeclaration(given: {
  readonly name: string;
  readonly paths: string;
  readonly taken: readonly string[];
}): { readonly isReady: boolean; readonly text?: string } {
  const name = given.name.trim();
  const paths = linesOf(given.paths);
  if (name !== '' && !namePattern.test(name))
    return { isReady: false, text: 'The name takes small letters, digits and dashes, at most 50.' };
  if (paths.length > mostPaths) return { isReady: false, text: `At most ${mostPaths} paths fit into one declaration.` };
  const wrong = paths.find((path) => !pathPattern.test(path) || path.endsWith('**'));
  if (wrong !== undefined)
    return { isReady: false, text: `“${wrong}” is no path: names with dots between, such as actor.user.name.` };
  if (name === '' || paths.length === 0) return { isReady: false };
  if (given.taken.includes(name))
    return {
      isReady: true,
      text: `“${name}” is declared already: this takes its place, for what is recorded from now on.`,
    };
  return { isReady: true };
}
