import { roleOf } from './describe-tool.ts';
import type { JsonValue } from './origins.ts';
import { formOf, plainSpelling } from './spellings.ts';
import type { ArgumentRole } from './tool-lexicon.ts';

/** One value of a call. `name` is its place: `recipients.0`. */
export type ArgumentValue = {
  readonly name: string;
  readonly role: ArgumentRole;
  readonly text: string;
  /** Nothing said what it is for. */ readonly isGuess?: boolean;
};

const maxValues = 200;
const maxDepth = 8;

/** Every value of the arguments with what it is for; `isCut` when there were more than are looked at. */
export function readArguments(args: JsonValue): { readonly values: readonly ArgumentValue[]; readonly isCut: boolean } {
  const values: ArgumentValue[] = [];
  let isCut = false;
  const walk = (value: JsonValue | undefined, name: string, role: ArgumentRole | undefined, depth: number): void => {
    if (isCut) return;
    if (values.length >= maxValues || depth > maxDepth) {
      isCut = true;
      return;
    }
    if (value === undefined || value === null || typeof value === 'boolean') return;
    if (typeof value === 'string' || typeof value === 'number') {
      const text = String(value);
      // How many guests, not which.
      const isCount =
        typeof value === 'number' && role === 'destination' && !/(?:id|number|account|phone|iban|no)$/i.test(name);
      if (text.trim() !== '')
        values.push({
          name,
          role: isCount ? 'setting' : roleByForm(role, text),
          text,
          ...(role === undefined ? { isGuess: true } : {}),
        });
      return;
    }
    if (isList(value)) {
      for (const [index, item] of value.entries()) walk(item, `${name}.${index}`, role, depth + 1);
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      walk(item, name === '' ? key.slice(0, 100) : `${name}.${key.slice(0, 100)}`, roleOf(key).role ?? role, depth + 1);
    }
  };
  walk(args, '', undefined, 0);
  return { values, isCut };
}

/** An address is an address, whatever its parameter is called; what says nothing and reads like prose is content. */
function roleByForm(role: ArgumentRole | undefined, text: string): ArgumentRole {
  if (role === 'content' || role === 'credential' || role === 'command' || role === 'query') return role;
  const form = text.length > 2500 ? undefined : formOf(plainSpelling(text));
  // `notes.txt` and `src/app.ts` have the form of an address: a thing is one only where it says so itself.
  const isThing = role === 'object' && !/^(?:https?:\/\/|www\.)/i.test(text.trim());
  if (form?.startsWith('mail:') === true || form?.startsWith('account:') === true) return 'destination';
  if (form?.startsWith('web:') === true && !isThing && role !== 'destination') return 'address';
  if (role === undefined && /^\d{4}-\d\d-\d\d|^\d{1,2}:\d\d/.test(text)) return 'time';
  if (role === undefined && /^-?\d{1,6}(?:\.\d+)?$/.test(text)) return 'setting';
  return role ?? (/\s\S+\s/.test(text) ? 'content' : 'object');
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
