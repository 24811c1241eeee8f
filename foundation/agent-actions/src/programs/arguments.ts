import type { ProgramRule, Role } from './rule.ts';
import { isKnown, known, shown } from '../run/text.ts';
import type { Text } from '../run/text.ts';

export type RoledArgument = { readonly role: Role; readonly text: Text; readonly option?: string };
export type ReadArguments = {
  readonly values: readonly RoledArgument[];
  readonly operands: readonly Text[];
  /** Options as they stood, values left out. */
  readonly flags: ReadonlySet<string>;
  /** Values that options which are not known carry with `=`. */
  readonly strangers: readonly Text[];
};

/**
 * Options and operands, as getopt reads them, with GNU's permutation. `isEarly` ends options at the first operand, for programs whose
 * operand is a command with options of its own.
 */
export function readArguments(
  options: ProgramRule['options'],
  given: readonly Text[],
  isEarly: boolean,
): ReadArguments {
  const roles = new Map<string, Role>();
  for (const [role, names] of roleEntries(options))
    for (const name of names.split(' ')) if (name !== '') roles.set(name, role);
  const values: RoledArgument[] = [];
  const operands: Text[] = [];
  const strangers: Text[] = [];
  const flags = new Set<string>();
  for (let at = 0; at < given.length; at += 1) {
    const text = given[at] ?? known('');
    const written = shown(text.text);
    if (written === '--') {
      operands.push(...given.slice(at + 1));
      break;
    }
    if (!written.startsWith('-') || written === '-') {
      operands.push(...(isEarly ? given.slice(at) : [text]));
      if (isEarly) break;
      continue;
    }
    const takeNext = (option: string, role: Role): void => {
      at += 1;
      values.push({ role, option, text: given[at] ?? known('') });
      if (role === 'command') {
        values.push(...given.slice(at + 1).map((rest): RoledArgument => ({ role: 'text', option, text: rest })));
        at = given.length;
      }
    };
    const equals = text.text.indexOf('=');
    const whole = roles.get(written);
    if (whole !== undefined) {
      flags.add(written);
      takeNext(written, whole);
    } else if (equals > 0 && (written.startsWith('--') || roles.has(shown(text.text.slice(0, equals))))) {
      const option = shown(text.text.slice(0, equals));
      const value = { ...text, text: text.text.slice(equals + 1) };
      flags.add(option);
      const role = roles.get(option);
      const short = role === undefined ? shortened(option, roles) : undefined;
      if (role !== undefined) values.push({ role, option, text: value });
      else strangers.push(value);
      if (short !== undefined) values.push({ ...short, text: value });
    } else if (written.startsWith('--')) {
      flags.add(written);
      if (!isKnown(text)) strangers.push(text);
      const short = shortened(written, roles);
      // It may take no value: what stands behind it is read as both.
      if (short !== undefined) values.push({ ...short, text: given[at + 1] ?? known('') });
    } else {
      readCluster({ text, roles, flags, values, takeNext, strangers });
    }
  }
  return { values, operands, flags, strangers };
}

/** The gravest first. */
const graveRoles: readonly Role[] = ['command', 'script', 'execute', 'delete', 'delete-tree', 'move', 'change', 'write', 'write-tree', 'name']; // prettier-ignore

/** getopt takes the beginning of a long option for it: `--use-compress-prog`, `--exe`. Of several the gravest counts. */
function shortened(written: string, roles: ReadonlyMap<string, Role>): Omit<RoledArgument, 'text'> | undefined {
  // Node's own option, beside those that begin like it.
  if (written.length < 3 || written === '--test') return undefined;
  return [...roles]
    .filter(([option, role]) => option.startsWith(written) && graveRoles.includes(role))
    .map(([option, role]) => ({ option, role }))
    .toSorted((a, b) => graveRoles.indexOf(a.role) - graveRoles.indexOf(b.role))
    .at(0);
}

type Cluster = {
  readonly text: Text;
  readonly roles: ReadonlyMap<string, Role>;
  readonly flags: Set<string>;
  readonly values: RoledArgument[];
  readonly strangers: Text[];
  readonly takeNext: (option: string, role: Role) => void;
};

/** `-xvf file`: letters, of which the first with a value takes the rest. */
function readCluster({ text, roles, flags, values, takeNext, strangers }: Cluster): void {
  const letters = text.text.slice(1);
  flags.add(shown(text.text));
  for (let index = 0; index < letters.length; index += 1) {
    const option = `-${letters.charAt(index)}`;
    flags.add(option);
    const role = roles.get(option);
    if (role !== undefined) {
      const rest = letters.slice(index + 1);
      if (rest === '') takeNext(option, role);
      else values.push({ role, option, text: { ...text, text: rest.replace(/^=/, '') } });
      return;
    }
  }
  // `-I/some/path` of an option that is not known.
  const path = /[/~].*$/.exec(letters)?.[0];
  if (path !== undefined || !isKnown(text)) strangers.push({ ...text, text: path ?? text.text });
}

const allRoles: readonly Role[] = [
  'text', 'read', 'write', 'delete', 'change', 'move', 'read-tree', 'write-tree', 'delete-tree', 'fetch', 'send', 'look-up', 'listen',
  'recipient', 'script', 'command', 'sql', 'name', 'execute', 'body',
]; // prettier-ignore

function roleEntries(options: ProgramRule['options']): (readonly [Role, string])[] {
  return allRoles.flatMap((role) => (options?.[role] === undefined ? [] : [[role, options[role]] as const]));
}
