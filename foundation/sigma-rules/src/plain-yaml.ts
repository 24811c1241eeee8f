import { readPlainFlow } from './plain-flow.ts';
import {
  doubleQuote,
  greater,
  hash,
  indentOf,
  isItem,
  keyEnd,
  openList,
  openMap,
  pipe,
  plainIn,
  quote,
  quotedIn,
  skipSpaces,
  withoutComment,
} from './plain-scalars.ts';
import type { YamlEntry, YamlScalar, YamlTree } from './yaml-node.ts';

type Within = { readonly indent: number; readonly depth: number };

/**
 * Reads the YAML that nearly all rules are written in: block maps and lists, those within one line, texts on one line, plain or quoted, and blocks, literal or folded. Whatever else
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
  let flowNodes = 0;

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
  function readInline(line: string, from: number, { indent: parent, depth }: Within): YamlTree {
    const here = at + 1;
    const first = line.charCodeAt(from);
    if (first === pipe) return line.length === from + 1 ? readLiteral(here, parent) : giveUp();
    if (first === greater) return line.slice(from) === '>-' ? readFolded(here, parent) : giveUp();
    at += 1;
    if (first === openList || first === openMap) {
      const flow = readPlainFlow(line, from, {
        line: here,
        depth: limits.maxDepth - depth,
        nodes: limits.maxNodes / 4 - flowNodes,
      });
      if (flow === undefined || indentOfNext() > parent) return giveUp();
      flowNodes += flow.nodes;
      return flow.tree;
    }
    const rest = withoutComment(line, from);
    if (rest === undefined) return giveUp();
    // One that goes on in the next line is the library's.
    const next = indentOfNext();
    if (next > parent) return giveUp();
    if (first === quote || first === doubleQuote) return quotedIn(rest, here) ?? giveUp();
    return plainIn(rest, here) ?? giveUp();
  }

  /** The lines of a block that begins behind this one, without what they are indented by; undefined for an unusual block. */
  function readBlockText(parent: number): string[] | undefined {
    at += 1;
    const begin = at;
    let indent = -1;
    const kept: string[] = [];
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? '';
      const own = indentOf(line);
      if (own === line.length) {
        // Blank lines with spaces count where they are longer than the block is indented.
        if (indent < 0 ? own > 0 : own > indent) return undefined;
        kept.push('');
        continue;
      }
      if (own <= parent) break;
      if (indent < 0) indent = own;
      if (own < indent) return undefined;
      kept.push(line.slice(indent));
    }
    if (indent < 0 || begin === at) return undefined;
    while (kept.at(-1) === '') kept.pop();
    // A text that ends without a line break has none at its end either.
    return at >= lines.length && lines.at(-1) !== '' ? undefined : kept;
  }

  function readLiteral(here: number, parent: number): YamlTree {
    const kept = readBlockText(parent);
    if (kept === undefined) return giveUp();
    const value = `${kept.join('\n')}\n`;
    return { kind: 'scalar', line: here, value, text: value };
  }

  /** Lines of one paragraph are one; what is further in, or has spaces at its end, folds otherwise. */
  function readFolded(here: number, parent: number): YamlTree {
    const kept = readBlockText(parent);
    if (kept === undefined || kept[0] === '' || kept.some((line) => line.startsWith(' ') || line.endsWith(' ')))
      return giveUp();
    const value = kept
      .join('\n')
      .replaceAll(/\n+/g, (breaks) => (breaks.length === 1 ? ' ' : '\n'.repeat(breaks.length - 1)));
    return { kind: 'scalar', line: here, value, text: value };
  }

  /** What stands behind `KEY:` or `-`, in this line or the next ones. */
  function readValue(line: string, from: number, within: Within & { isMap: boolean }): YamlTree {
    const { indent: parent, depth } = within;
    const begin = skipSpaces(line, from);
    if (begin < line.length && line.charCodeAt(begin) !== hash) return readInline(line, begin, within);
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
