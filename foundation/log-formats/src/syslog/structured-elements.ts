import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import type { StructuredElement, SyslogRefusalCode } from './message.ts';

/** STRUCTURED-DATA at `at`, RFC 5424 section 6.3: `-` or elements without a space between; and where it ends. */
export function readStructuredData(
  text: string,
  at: number,
  maxItems: number,
): Parsed<{ readonly elements: readonly StructuredElement[]; readonly end: number }, SyslogRefusalCode> {
  if (text.charCodeAt(at) === 45) return accept({ elements: [], end: at + 1 });
  const elements: StructuredElement[] = [];
  let items = 0;
  let position = at;
  while (text.charCodeAt(position) === 91) {
    const id = endOfName(text, position + 1);
    if (id === position + 1) return broken(text, position);
    const parameters: (readonly [string, string])[] = [];
    elements.push({ id: text.slice(position + 1, id), parameters });
    items += 1;
    position = id;
    while (text.charCodeAt(position) === 32) {
      while (text.charCodeAt(position) === 32) position += 1;
      if (text.charCodeAt(position) === 93) break;
      const nameEnd = endOfName(text, position);
      if (nameEnd === position || text.charCodeAt(nameEnd) !== 61 || text.charCodeAt(nameEnd + 1) !== 34)
        return broken(text, position);
      const value = readValue(text, nameEnd + 2);
      if (value === undefined) return broken(text, nameEnd + 1);
      parameters.push([text.slice(position, nameEnd), value.text]);
      items += 1;
      if (items > maxItems) return tooMany(position, maxItems);
      position = value.end;
    }
    if (text.charCodeAt(position) !== 93) return broken(text, position);
    if (items > maxItems) return tooMany(position, maxItems);
    position += 1;
  }
  return elements.length === 0 ? broken(text, at) : accept({ elements, end: position });
}

function broken(text: string, at: number): Parsed<never, SyslogRefusalCode> {
  return refuse('syslog_structured_data', at, `Structured data breaks off at ${quoted(text, at)}`);
}

function tooMany(at: number, maxItems: number): Parsed<never, SyslogRefusalCode> {
  return refuse('syslog_too_many_elements', at, `Structured data has too many parts, must be at most ${maxItems}`);
}

/** SD-NAME: printable, without space, `=`, `]` and `"`. Letters outside ASCII are let through. */
function endOfName(text: string, at: number): number {
  let end = at;
  for (;;) {
    const code = text.charCodeAt(end);
    if (!(code > 32) || code === 61 || code === 93 || code === 34 || code === 127) return end;
    end += 1;
  }
}

/** PARAM-VALUE: `\"`, `\\` and `\]` are escapes; a backslash before anything else stands for itself. */
function readValue(text: string, at: number): { readonly text: string; readonly end: number } | undefined {
  let value = '';
  let from = at;
  let position = at;
  for (;;) {
    const code = text.charCodeAt(position);
    if (Number.isNaN(code)) return undefined;
    if (code === 34) return { text: value + text.slice(from, position), end: position + 1 };
    if (code === 92) {
      const next = text.charCodeAt(position + 1);
      if (next === 34 || next === 92 || next === 93) {
        value += text.slice(from, position);
        from = position + 1;
        position += 1;
      }
    }
    position += 1;
  }
}
