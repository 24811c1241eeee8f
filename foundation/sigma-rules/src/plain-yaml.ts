import type { YamlEntry, YamlScalar, YamlTree } from './yaml-node.ts';

/**
 * Reads the YAML that nearly all rules are written in: block maps and lists, texts on one line, plain or quoted, and literal blocks. Whatever else
 * stands in a text, or is only unusual, makes it give up (undefined), and the library reads it: what comes out here is what would come out there, which the
 * corpus and a property test show. A tenth of the library's time, since nothing is kept but the tree.
 */
export function readPlainYaml(
  text: string,
  limits: { readonly maxNodes: number; readonly maxDepth: number },
): YamlTree | undefined {
  // Tabs, returns, and whatever is not for print: where YAML has rules of its own for it.
  if (/[^\n -~\u00A0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) return undefined;
  const lines = text.split('\n');
  if (lines.length > limits.maxNodes / 4) return undefined;
  let at = 0;
  let fault = false;

  /** To the next line with content; its indentation, or -1 at the end. */
  function indentOfNext(): number {
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? '';
      const indent = indentOf(line);
      if (indent === line.length || line.charCodeAt(indent) === hash) continue;
      return indent;
    }
    return -1;
  }

  function giveUp(): YamlScalar {
    fault = true;
    return { kind: 'scalar', line: 0, value: null, text: '' };
  }

  /** A value that stands in line `at` from `from` on, in a block indented by `parent`. Goes to the line behind it. */
  function readInline(line: string, from: number, parent: number): YamlTree {
    const here = at + 1;
    const first = line.charCodeAt(from);
    if (first === pipe) return line.length === from + 1 ? readLiteral(here, parent) : giveUp();
    at += 1;
    const rest = withoutComment(line, from);
    if (rest === undefined) return giveUp();
    // One that goes on in the next line is the library's.
    const next = indentOfNext();
    if (next > parent) return giveUp();
    if (first === quote || first === doubleQuote) return quotedIn(rest, here) ?? giveUp();
    return plainIn(rest, here) ?? giveUp();
  }

  function readLiteral(here: number, parent: number): YamlTree {
    at += 1;
    const begin = at;
    let indent = -1;
    const kept: string[] = [];
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? '';
      const own = indentOf(line);
      if (own === line.length) {
        // Blank lines with spaces count where they are longer than the block is indented.
        if (indent < 0 ? own > 0 : own > indent) return giveUp();
        kept.push('');
        continue;
      }
      if (own <= parent) break;
      if (indent < 0) indent = own;
      if (own < indent) return giveUp();
      kept.push(line.slice(indent));
    }
    if (indent < 0 || begin === at) return giveUp();
    while (kept.at(-1) === '') kept.pop();
    // A text that ends without a line break has none at its end either.
    if (at >= lines.length && lines.at(-1) !== '') return giveUp();
    const value = `${kept.join('\n')}\n`;
    return { kind: 'scalar', line: here, value, text: value };
  }

  /** What stands behind `KEY:` or `-`, in this line or the next ones. */
  function readValue(line: string, from: number, within: { indent: number; depth: number; isMap: boolean }): YamlTree {
    const { indent: parent, depth } = within;
    const begin = skipSpaces(line, from);
    if (begin < line.length && line.charCodeAt(begin) !== hash) return readInline(line, begin, parent);
    at += 1;
    const next = indentOfNext();
    const isList = next >= 0 && isItem(lines[at] ?? '', next);
    if (next > parent || (within.isMap && next === parent && isList)) return readBlock(next, depth);
    // Nothing: the library knows where that stands.
    return giveUp();
  }

  function readBlock(indent: number, depth: number): YamlTree {
    if (depth >= limits.maxDepth) return giveUp();
    const line = lines[at] ?? '';
    if (isItem(line, indent)) return readList(indent, depth);
    return keyEnd(line, indent) < 0 ? giveUp() : readMap(indent, depth, indent, at + 1);
  }

  function readList(indent: number, depth: number): YamlTree {
    const here = at + 1;
    const items: YamlTree[] = [];
    for (let next = indent; next === indent && !fault; next = indentOfNext()) {
      const line = lines[at] ?? '';
      if (!isItem(line, indent)) break;
      const begin = skipSpaces(line, indent + 1);
      const isMap = begin < line.length && keyEnd(line, begin) >= 0;
      if (begin < line.length && isItem(line, begin)) return giveUp();
      items.push(
        isMap
          ? readMap(begin, depth + 1, begin, at + 1)
          : readValue(line, indent + 1, { indent, depth: depth + 1, isMap: false }),
      );
    }
    const after = indentOfNext();
    if (after > indent) return giveUp();
    return { kind: 'list', line: here, items };
  }

  /** The first key may stand behind a `-`, at `from`. */
  function readMap(indent: number, depth: number, from: number, here: number): YamlTree {
    if (depth >= limits.maxDepth) return giveUp();
    const entries: YamlEntry[] = [];
    const seen = new Set<string>();
    let begin = from;
    for (let isFirst = true; !fault; isFirst = false) {
      if (!isFirst) {
        const next = indentOfNext();
        if (next > indent) return giveUp();
        if (next < indent) break;
        begin = indent;
        // A list may follow a map of the same place: that is the end of it, where it is none of its values.
        if (isItem(lines[at] ?? '', indent)) return giveUp();
      }
      const line = lines[at] ?? '';
      const end = keyEnd(line, begin);
      if (end < 0) return giveUp();
      const key = line.slice(begin, end);
      if (seen.has(key)) return giveUp();
      seen.add(key);
      const keyLine = at + 1;
      entries.push({ key, line: keyLine, value: readValue(line, end + 1, { indent, depth: depth + 1, isMap: true }) });
    }
    return { kind: 'map', line: here, entries };
  }

  const indent = indentOfNext();
  if (indent !== 0) return undefined;
  const tree = readBlock(0, 0);
  return fault || indentOfNext() >= 0 || tree.kind !== 'map' ? undefined : tree;
}

const space = 0x20;
const hash = 0x23;
const quote = 0x27;
const doubleQuote = 0x22;
const dash = 0x2d;
const colon = 0x3a;
const pipe = 0x7c;
const backslash = 0x5c;

/** The library refuses keys of over 1,024 characters (YAML 1.2.2, 7.4.2); longer ones than these are its own. */
const maxKeyLength = 256;

function indentOf(line: string): number {
  return skipSpaces(line, 0);
}

function skipSpaces(line: string, from: number): number {
  let at = from;
  while (at < line.length && line.charCodeAt(at) === space) at += 1;
  return at;
}

function isItem(line: string, at: number): boolean {
  return line.charCodeAt(at) === dash && (line.length === at + 1 || line.charCodeAt(at + 1) === space);
}

/** Where the `:` of a key stands that begins at `from`; -1: what begins there is no key, or an unusual one. */
function keyEnd(line: string, from: number): number {
  const last = Math.min(line.length, from + maxKeyLength + 1);
  for (let at = from; at < last; at += 1) {
    const code = line.charCodeAt(at);
    const isWord =
      (code >= 0x61 && code <= 0x7a) ||
      (code >= 0x41 && code <= 0x5a) ||
      code === 0x5f ||
      (at > from && ((code >= 0x30 && code <= 0x39) || code === dash || code === 0x2e || code === pipe));
    if (isWord) continue;
    if (code !== colon || at === from) return -1;
    if (at + 1 < line.length && line.charCodeAt(at + 1) !== space) return -1;
    // Words that are no texts, as keys are; "~" and numbers cannot begin one.
    return /^(?:null|true|false)$/i.test(line.slice(from, at)) ? -1 : at;
  }
  return -1;
}

/** The rest of the line without spaces and comment at its end; undefined where that cannot be told at a glance. */
function withoutComment(line: string, from: number): string | undefined {
  const begin = line.charCodeAt(from);
  let end = line.length;
  if (begin === quote || begin === doubleQuote) {
    const close = closingQuote(line, from + 1, begin);
    if (close < 0) return undefined;
    const behind = skipSpaces(line, close + 1);
    const isEnd = behind === line.length || (behind > close + 1 && line.charCodeAt(behind) === hash);
    return isEnd ? line.slice(from, close + 1) : undefined;
  }
  const comment = line.indexOf(' #', from);
  if (comment >= 0) end = comment;
  while (end > from && line.charCodeAt(end - 1) === space) end -= 1;
  return line.slice(from, end);
}

/** The quote that ends a text; two single ones stand for one. */
function closingQuote(line: string, from: number, sign: number): number {
  for (let at = from; at < line.length; at += 1) {
    if (line.charCodeAt(at) !== sign) continue;
    if (sign === doubleQuote || line.charCodeAt(at + 1) !== quote) return at;
    at += 1;
  }
  return -1;
}

function quotedIn(rest: string, line: number): YamlScalar | undefined {
  const inner = rest.slice(1, -1);
  if (rest.charCodeAt(0) === doubleQuote) {
    for (let at = 0; at < inner.length; at += 1) {
      const code = inner.charCodeAt(at);
      if (code === backslash || code === doubleQuote) return undefined;
    }
    return { kind: 'scalar', line, value: inner, text: inner };
  }
  const value = inner.replaceAll("''", "'");
  return { kind: 'scalar', line, value, text: value };
}

/** Whatever could be a number to somebody, and is not written in the simplest way. */
const numeric =
  /^[-+]?(?:0x[0-9a-fA-F]*|0o[0-7]*|[0-9][0-9_]*|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]*)(?:[eE][-+]?[0-9]*)?|\.(?:inf|nan))$/i;
const simpleNumber = /^(?:0|[1-9][0-9]{0,14})$/;
const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['null', null],
  ['true', true],
  ['false', false],
]);

function plainIn(rest: string, line: number): YamlScalar | undefined {
  // Signs that mean something at the beginning, and what would be a map within one line.
  if (/^[-?:,[\]{}#&*!|>'"%@`~=<]/.test(rest) || rest.includes(': ') || rest.endsWith(':') || rest === '')
    return undefined;
  const word = words.get(rest);
  if (word !== undefined) return { kind: 'scalar', line, value: word, text: rest };
  if (simpleNumber.test(rest)) return { kind: 'scalar', line, value: Number(rest), text: rest };
  if (numeric.test(rest) || /^(?:null|true|false)$/i.test(rest)) return undefined;
  return { kind: 'scalar', line, value: rest, text: rest };
}
