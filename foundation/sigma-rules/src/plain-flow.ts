import {
  closeList,
  closeMap,
  closingQuote,
  comma,
  doubleQuote,
  hash,
  keyEnd,
  openList,
  openMap,
  plainIn,
  quote,
  quotedIn,
  skipSpaces,
} from './plain-scalars.ts';
import type { YamlEntry, YamlTree } from './yaml-node.ts';

/** Every sign that means something within a flow, wherever it stands. */
const meaningful = /[,[\]{}:#"'`]/;

/**
 * A list or map within one line, which begins at `from` and has nothing but a comment behind it: `[a, 'b', 3]`, `{ a: b, c: [d] }`. Undefined for
 * any other, however little it differs, and for one deeper or larger than the limits.
 */
export function readPlainFlow(
  text: string,
  from: number,
  limits: { readonly line: number; readonly depth: number; readonly nodes: number },
): { readonly tree: YamlTree; readonly nodes: number } | undefined {
  const { line } = limits;
  let at = from;
  let nodes = 0;

  function readNode(depth: number): YamlTree | undefined {
    nodes += 1;
    if (nodes > limits.nodes) return undefined;
    const first = text.charCodeAt(at);
    if (first === openList || first === openMap) {
      if (depth >= limits.depth) return undefined;
      at += 1;
      return first === openList ? readItems(depth) : readEntries(depth);
    }
    if (first === quote || first === doubleQuote) {
      const close = closingQuote(text, at + 1, first);
      if (close < 0) return undefined;
      const quoted = text.slice(at, close + 1);
      at = close + 1;
      return quotedIn(quoted, line);
    }
    let end = at;
    while (end < text.length && !meaningful.test(text.charAt(end))) end += 1;
    const plain = text.slice(at, end).trimEnd();
    at = end;
    return plainIn(plain, line);
  }

  /** Behind an item or entry: whether another one follows; undefined when neither that nor the end does. */
  function goesOn(close: number): boolean | undefined {
    at = skipSpaces(text, at);
    const sign = text.charCodeAt(at);
    if (sign !== comma && sign !== close) return undefined;
    at = sign === comma ? skipSpaces(text, at + 1) : at + 1;
    return sign === comma;
  }

  function readItems(depth: number): YamlTree | undefined {
    const items: YamlTree[] = [];
    at = skipSpaces(text, at);
    let more: boolean | undefined = true;
    for (; more === true; more = goesOn(closeList)) {
      const item = readNode(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return more === false ? { kind: 'list', line, items } : undefined;
  }

  function readEntries(depth: number): YamlTree | undefined {
    const entries: YamlEntry[] = [];
    const seen = new Set<string>();
    at = skipSpaces(text, at);
    let more: boolean | undefined = true;
    for (; more === true; more = goesOn(closeMap)) {
      const end = keyEnd(text, at);
      const key = text.slice(at, end);
      if (end < 0 || seen.has(key)) return undefined;
      seen.add(key);
      nodes += 1;
      at = skipSpaces(text, end + 1);
      const value = readNode(depth + 1);
      if (value === undefined) return undefined;
      entries.push({ key, line, value });
    }
    return more === false ? { kind: 'map', line, entries } : undefined;
  }

  const tree = readNode(0);
  if (tree === undefined) return undefined;
  const behind = skipSpaces(text, at);
  const isEnd = behind === text.length || (behind > at && text.charCodeAt(behind) === hash);
  return isEnd ? { tree, nodes } : undefined;
}
