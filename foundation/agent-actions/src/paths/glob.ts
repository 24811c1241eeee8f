import { wild } from '../run/text.ts';

/**
 * Whether a path that may hold wildcards of the shell can be one that a rule names. In rules `*` is any text within a name, and `**` any
 * names. As in the shell, a wildcard that begins a name does not stand for a dot. Time is the product of the lengths, and for most pairs
 * that of the few characters in which they differ at an end.
 */
export function mayMatch(path: string, rule: string): boolean {
  if (differAtAnEnd(path, rule)) return false;
  const columns = rule.length + 1;
  const seen = new Uint8Array((path.length + 1) * columns);
  const open: (readonly [number, number])[] = [[0, 0]];
  const visit = (at: number, ruleAt: number): void => {
    const index = at * columns + ruleAt;
    if (seen[index] === 1) return;
    seen[index] = 1;
    open.push([at, ruleAt]);
  };
  for (;;) {
    const next = open.pop();
    if (next === undefined) return false;
    const [at, ruleAt] = next;
    if (at === path.length && isEmptyRest(rule, ruleAt)) return true;
    step({ path, rule, at, ruleAt, visit });
  }
}

/** Up to the first wildcard of either, from both ends, each character must be the other's. */
function differAtAnEnd(path: string, rule: string): boolean {
  for (let at = 0; at < rule.length && !isWildAt(path, at) && rule[at] !== '*'; at += 1) {
    // `/etc/**` names `/etc` too.
    if (path[at] !== rule[at]) return at < path.length || rule.slice(at) !== '/**';
  }
  for (let back = 1; back <= rule.length && !isWildAt(path, path.length - back); back += 1) {
    const expected = rule[rule.length - back];
    // The slash of `**/` stands for nothing where no name is before it.
    if (expected === '*' || rule.startsWith('*/', rule.length - back - 1)) return false;
    if (path[path.length - back] !== expected) return true;
  }
  return false;
}

function isWildAt(path: string, at: number): boolean {
  const character = path[at];
  return character === wild.star || character === wild.one;
}

function isEmptyRest(rule: string, at: number): boolean {
  const rest = rule.slice(at);
  return rest === '' || rest === '*' || rest === '**' || rest === '/**';
}

type Step = {
  readonly path: string;
  readonly rule: string;
  readonly at: number;
  readonly ruleAt: number;
  readonly visit: (at: number, ruleAt: number) => void;
};

function step({ path, rule, at, ruleAt, visit }: Step): void {
  const character = path.charAt(at);
  const expected = rule.charAt(ruleAt);
  const isStar = character === wild.star;
  if (isStar) visit(at + 1, ruleAt);
  if (rule.startsWith('**', ruleAt)) {
    visit(at, ruleAt + 2);
    if (rule.charAt(ruleAt + 2) === '/' && (at === 0 || path.charAt(at - 1) === '/')) visit(at, ruleAt + 3);
    if (character !== '') visit(at + 1, ruleAt);
    return;
  }
  if (expected === '*') {
    visit(at, ruleAt + 1);
    if (character !== '' && character !== '/') visit(at + 1, ruleAt);
    return;
  }
  if (expected === '' || character === '') return;
  const isWildcard = isStar || character === wild.one;
  if (isWildcard) {
    const beginsName = path.charAt(at - 1) === '/' && expected === '.';
    if (expected === '/' || beginsName) return;
    visit(isStar ? at : at + 1, ruleAt + 1);
    return;
  }
  if (character === expected) visit(at + 1, ruleAt + 1);
}
