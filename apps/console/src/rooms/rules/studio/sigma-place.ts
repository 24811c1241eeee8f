/** Where in a Sigma text the cursor stands. */
export type SigmaPlace = {
  /** The keys above, outermost first: `['detection', 'selection']`. */
  readonly path: readonly string[];
  /** What is being written there: a key, or the value of `key`. */
  readonly kind: 'key' | 'value';
  /** Of a value: its key, modifiers and all. */
  readonly key: string;
  /** What stands before the cursor of it, and since where in the text. */
  readonly prefix: string;
  readonly from: number;
  /** The first category, product and service of the document, as far as it is written. */
  readonly logSource: Readonly<Record<'category' | 'product' | 'service', string | undefined>>;
};

type Line = { readonly indent: number; readonly key: string | undefined; readonly text: string };

/**
 * Reads the lines around the cursor by their indentation alone: the text is being written, so that a parser would find it broken. Flow style
 * (`{ a: b }`) gives no help.
 */
export function sigmaPlace(text: string, at: number): SigmaPlace {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(lineStart, at);
  const above = text.slice(0, lineStart).split('\n').slice(0, -1);
  const document = above.slice(above.findLastIndex((line) => /^---(\s|$)/.test(line)) + 1);
  const below = text.slice(lineStart).split(/^---/m)[0] ?? '';
  const [indentText = ''] = /^\s*(?:-\s+)*/.exec(before) ?? [];
  const rest = before.slice(indentText.length);
  const colon = /^((?:[^:#'"]|'[^']*'|"[^"]*")+):\s+/.exec(rest);
  const isItem = indentText.includes('-');
  const path = pathAbove(document, isItem ? Math.max(0, indentText.indexOf('-')) : indentText.length, isItem);
  const logSource = logSourceIn([...document, ...below.split('\n')]);
  if (colon !== null) {
    const prefix = rest.slice(colon[0].length);
    return { path, kind: 'value', key: colon[1]?.trim() ?? '', prefix, from: at - prefix.length, logSource };
  }
  // An item of a list is the value of the key above, unless it turns out to be a key of a map.
  const owner = path.at(-1) ?? '';
  if (isItem && listKeys.has(owner))
    return { path: path.slice(0, -1), kind: 'value', key: owner, prefix: rest, from: at - rest.length, logSource };
  return { path, kind: 'key', key: '', prefix: rest, from: at - rest.length, logSource };
}

const listKeys: ReadonlySet<string> = new Set(['tags', 'rules', 'group-by', 'references', 'falsepositives', 'fields']);

/** The keys under which a line of this indentation stands. A list may stand as far left as its key. */
function pathAbove(lines: readonly string[], indent: number, isItem: boolean): string[] {
  const path: string[] = [];
  let least = isItem ? indent + 1 : indent;
  for (const { indent: at, key } of lines.toReversed().map(lineOf)) {
    if (key === undefined || at >= least) continue;
    path.unshift(key);
    least = at;
    if (at === 0) break;
  }
  return path;
}

function lineOf(text: string): Line {
  const indent = /^\s*(?:-\s+)?/.exec(text)?.[0].length ?? 0;
  const key = /^\s*(?:-\s+)?([^\s#:'"][^:#]*|'[^']*'|"[^"]*"):(?:\s|$)/.exec(text)?.[1];
  return { indent, key: key?.replaceAll(/^['"]|['"]$/g, '').trim(), text };
}

function logSourceIn(lines: readonly string[]): SigmaPlace['logSource'] {
  const found: Record<'category' | 'product' | 'service', string | undefined> = {
    category: undefined,
    product: undefined,
    service: undefined,
  };
  const start = lines.findIndex((line) => /^logsource\s*:/.test(line));
  if (start < 0) return found;
  for (const line of lines.slice(start + 1)) {
    if (/^\S/.test(line)) break;
    const [, key, value] = /^\s+(category|product|service)\s*:\s*['"]?([^'"#\s]+)/.exec(line) ?? [];
    if (key === 'category' || key === 'product' || key === 'service') found[key] ??= value;
  }
  return found;
}
