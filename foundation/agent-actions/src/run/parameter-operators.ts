import { bounded, isKnown, known, shown, unknown } from './text.ts';
import type { Text, Value } from './text.ts';

/** What `${name<operator>argument}` may be (bash manual, "Shell Parameter Expansion"); what is not worked out here is unknown. */
export function applyOperator(operator: string, value: Value, argument: Value): Value {
  switch (operator) {
    case ':-':
    case '-':
    case ':=':
    case '=':
      return bounded(
        value.flatMap((text) => (text.text === '' ? argument : isKnown(text) ? [text] : [...argument, text])),
      );
    case ':+':
    case '+':
      return bounded(
        value.flatMap((text) => (text.text === '' ? [text] : isKnown(text) ? argument : [known(''), ...argument])),
      );
    case ':?':
    case '?':
      return value;
    default:
      return bounded(value.flatMap((text) => argument.map((given) => changed(operator, text, given))));
  }
}

function changed(operator: string, text: Text, argument: Text): Text {
  if (!isKnown(text)) return text;
  if (!isKnown(argument)) return unknown('a part of it is cut off by what is not known');
  const subject = text.text;
  const given = shown(argument.text);
  switch (operator) {
    case '#':
    case '##':
      return known(withoutStart(subject, given, operator === '##'));
    case '%':
    case '%%':
      return known(withoutEnd(subject, given, operator === '%%'));
    case '/':
    case '//':
      return replaced(subject, given, operator === '//');
    case ':':
      return substring(subject, given);
    case '^^':
      return given === '' ? known(subject.toUpperCase()) : unknown('letters are changed');
    case ',,':
      return given === '' ? known(subject.toLowerCase()) : unknown('letters are changed');
    case '^':
      return given === '' ? known(subject.charAt(0).toUpperCase() + subject.slice(1)) : unknown('letters are changed');
    case ',':
      return given === '' ? known(subject.charAt(0).toLowerCase() + subject.slice(1)) : unknown('letters are changed');
    default:
      return unknown(`"${operator}" changes it when it runs`);
  }
}

/** A pattern of at most one star; others are not worked out. Undefined: not simple. */
function simplePattern(pattern: string): readonly [string, string | undefined] | undefined {
  if (/[?[\\]/.test(pattern)) return undefined;
  const parts = pattern.split('*');
  return parts.length > 2 ? undefined : [parts[0] ?? '', parts[1]];
}

function withoutStart(subject: string, pattern: string, isLongest: boolean): string {
  const simple = simplePattern(pattern);
  if (simple === undefined) return '\uF8FF';
  const [before, after] = simple;
  if (!subject.startsWith(before)) return subject;
  if (after === undefined) return subject.slice(before.length);
  const at = isLongest ? subject.lastIndexOf(after) : subject.indexOf(after, before.length);
  return at < before.length ? subject : subject.slice(at + after.length);
}

function withoutEnd(subject: string, pattern: string, isLongest: boolean): string {
  const simple = simplePattern(pattern);
  if (simple === undefined) return '\uF8FF';
  const [before, after] = simple;
  if (after === undefined) return subject.endsWith(before) ? subject.slice(0, subject.length - before.length) : subject;
  if (!subject.endsWith(after)) return subject;
  const limit = subject.length - after.length;
  const at = isLongest ? subject.indexOf(before) : subject.lastIndexOf(before, limit - before.length);
  return at === -1 || at > limit ? subject : subject.slice(0, at);
}

function replaced(subject: string, argument: string, all: boolean): Text {
  const slash = argument.indexOf('/');
  const pattern = slash === -1 ? argument : argument.slice(0, slash);
  const replacement = slash === -1 ? '' : argument.slice(slash + 1);
  if (pattern === '' || /[*?[\\]/.test(pattern)) return unknown('a pattern is replaced in it');
  return known(all ? subject.replaceAll(pattern, () => replacement) : subject.replace(pattern, () => replacement));
}

function substring(subject: string, argument: string): Text {
  const found = /^\s*(-?\d{1,6})\s*(?::\s*(-?\d{1,6})\s*)?$/.exec(argument);
  if (found === null) return unknown('a part of it is taken');
  const start = Number(found[1]);
  const from = start < 0 ? Math.max(0, subject.length + start) : start;
  if (found[2] === undefined) return known(subject.slice(from));
  const length = Number(found[2]);
  return known(length < 0 ? subject.slice(from, length) : subject.slice(from, from + length));
}
