import { Buffer } from 'node:buffer';
import type { Disguise } from '../action.ts';
import { ansiText } from '../shell/ansi-text.ts';
import { isKnown, known, onlyText, shown, unknown } from './text.ts';
import type { Text, Value } from './text.ts';

const maxLength = 65_536;

/** What some programs print, where it follows from what they are given: the ones with which commands are hidden. Undefined: not known. */
export function printedBy(name: string, given: readonly Text[], stdin: Value | undefined): Value | undefined {
  switch (name) {
    case 'echo':
      return [echoed(given)];
    case 'printf':
      return [formatted(given)];
    case 'true':
    case ':':
      return [known('')];
    case 'cat':
    case 'tee':
      return given.length === 0 || (given.length === 1 && given[0]?.text === '-') ? stdin : undefined;
    case 'base64':
      return has(given, /^-(?:d|D|-decode|di)$/) && given.length < 3 ? decoded(stdin, 'base64') : undefined;
    case 'openssl':
      return has(given, /^-d$/) && has(given, /^(?:base64|-base64|-a)$/) ? decoded(stdin, 'base64') : undefined;
    case 'xxd':
      return has(given, /^-(?:r|p?r|rp|r -p|ps)$/) ? decoded(stdin, 'hex') : undefined;
    case 'rev':
      return mapped(stdin, 'reverse', (text) =>
        text
          .split('\n')
          .map((line) => Array.from(line).toReversed().join(''))
          .join('\n'),
      );
    case 'tac':
      return mapped(stdin, undefined, (text) => text.split('\n').toReversed().join('\n'));
    case 'tr':
      return translated(given, stdin);
    case 'sed':
      return substituted(given, stdin);
    case 'basename':
      return given.length === 1
        ? mapped(given.slice(0, 1), undefined, (text) => text.replace(/\/+$/, '').replace(/^.*\//, ''))
        : undefined;
    case 'dirname':
      return given.length === 1
        ? mapped(
            given.slice(0, 1),
            undefined,
            (text) => /^(.+)\/[^/]*$/.exec(text)?.[1] ?? (text.startsWith('/') ? '/' : '.'),
          )
        : undefined;
    case 'mktemp':
      return has(given, /^(?:-p|--tmpdir|-t)/) || given.some((text) => !shown(text.text).startsWith('-'))
        ? undefined
        : [known('/tmp/tmp.mktemp')];
    default:
      return undefined;
  }
}

function has(given: readonly Text[], pattern: RegExp): boolean {
  return given.some(({ text }) => pattern.test(text));
}

function mapped(
  value: Value | undefined,
  disguise: Disguise | undefined,
  change: (text: string) => string,
): Value | undefined {
  return value?.map((text) => {
    if (!isKnown(text) || text.text.length > maxLength) return unknown(text.why ?? 'it is long');
    const disguises = [...(text.disguises ?? []), ...(disguise === undefined ? [] : [disguise])];
    return { ...text, text: change(shown(text.text)), ...(disguises.length === 0 ? {} : { disguises }) };
  });
}

function decoded(stdin: Value | undefined, how: 'base64' | 'hex'): Value | undefined {
  return mapped(stdin, how, (text) =>
    Buffer.from(text.replaceAll(/\s/g, ''), how).toString('utf8').replaceAll('\0', ''),
  );
}

function echoed(given: readonly Text[]): Text {
  let at = 0;
  let escapes = false;
  let ends = '\n';
  for (; at < given.length && /^-[neE]+$/.test(given[at]?.text ?? ''); at += 1) {
    if (given[at]?.text.includes('n') === true) ends = '';
    if (given[at]?.text.includes('e') === true) escapes = true;
  }
  const texts = given.slice(at);
  const joined = texts
    .map(({ text }) => shown2(text))
    .join(' ')
    .slice(0, maxLength);
  const why = texts.find((text) => text.why !== undefined)?.why;
  const disguises = texts.flatMap((text) => text.disguises ?? []);
  const isEscaped = escapes && joined.includes('\\');
  return {
    text: (isEscaped ? ansiText(joined) : joined) + ends,
    ...(why === undefined ? {} : { why }),
    ...(disguises.length + (isEscaped ? 1 : 0) === 0
      ? {}
      : { disguises: isEscaped ? [...disguises, 'escapes'] : disguises }),
  };
}

/** Wildcards become what was written, holes stay. */
function shown2(text: string): string {
  return text.replaceAll('\uE000', '*').replaceAll('\uE001', '?').replaceAll('\uE002', '[');
}

function formatted(given: readonly Text[]): Text {
  const [format, ...rest] = given[0]?.text === '--' ? given.slice(1) : given;
  if (format === undefined || format.text === '-v' || !isKnown(format)) return unknown('what printf prints');
  const queue = rest.map(({ text }) => shown2(text));
  const why = rest.find((text) => text.why !== undefined)?.why;
  const escapes = ansiText(shown(format.text).replaceAll("\\'", "'"));
  const isEscaped = escapes !== shown(format.text);
  let result = '';
  let rounds = 0;
  do {
    result += escapes.replaceAll(/%(%|[-+ #0-9.]*[sbqdiuxXoc])/g, (_whole, kind: string) => {
      if (kind === '%') return '%';
      const text = queue.shift() ?? '';
      if (kind.endsWith('b')) return ansiText(text);
      if (/[xXo]$/.test(kind))
        return Number.isInteger(Number(text)) ? Number(text).toString(kind.endsWith('o') ? 8 : 16) : text;
      return kind.endsWith('c') ? text.charAt(0) : text;
    });
    rounds += 1;
  } while (queue.length > 0 && rounds < 64 && result.length < maxLength && /%[^%]/.test(escapes));
  return {
    text: result,
    ...(why === undefined ? {} : { why }),
    ...(isEscaped && /\\[x0-7u]/.test(format.text) ? { disguises: ['escapes'] } : {}),
  };
}

function translated(given: readonly Text[], stdin: Value | undefined): Value | undefined {
  const plain = given.map(({ text }) => shown(text));
  const isDelete = plain[0] === '-d';
  const from = characters(plain[isDelete ? 1 : 0] ?? '');
  const to = characters(plain[1] ?? '');
  if (from === undefined || (!isDelete && (to === undefined || to.length === 0)) || /^-[^d]/.test(plain[0] ?? ''))
    return undefined;
  return mapped(stdin, 'rot13', (text) =>
    Array.from(text)
      .map((character) => {
        const at = from.lastIndexOf(character);
        if (at === -1) return character;
        return isDelete ? '' : (to?.[Math.min(at, (to?.length ?? 1) - 1)] ?? '');
      })
      .join(''),
  );
}

/** The characters of a set of tr; undefined for classes. */
function characters(set: string): string[] | undefined {
  const text = ansiText(set).replaceAll(/\[([^\]:]-[^\]])\]/g, '$1');
  if (/\[[:=.]/.test(text)) return undefined;
  const result: string[] = [];
  const points = Array.from(text);
  for (let at = 0; at < points.length && result.length < 512; at += 1) {
    const from = points[at]?.codePointAt(0) ?? 0;
    const to = points[at + 1] === '-' ? points[at + 2]?.codePointAt(0) : undefined;
    if (to === undefined) {
      result.push(String.fromCodePoint(from));
      continue;
    }
    for (let point = from; point <= Math.min(to, from + 256); point += 1) result.push(String.fromCodePoint(point));
    at += 2;
  }
  return result;
}

/** `sed s/a/b/` with a plain text for a pattern. */
function substituted(given: readonly Text[], stdin: Value | undefined): Value | undefined {
  const script = onlyText(given.slice(0, 1));
  const found =
    given.length === 1 && script !== undefined ? /^s([/|,#:])([\w -]+)\1([\w /.-]*)\1(g?)$/.exec(script) : null;
  if (found === null) return undefined;
  const [, , pattern = '', replacement = '', all] = found;
  return mapped(stdin, undefined, (text) =>
    text
      .split('\n')
      .map((line) =>
        all === 'g' ? line.replaceAll(pattern, () => replacement) : line.replace(pattern, () => replacement),
      )
      .join('\n'),
  );
}
