import type { WordPart } from '../shell/syntax.ts';

/** One unquoted character, or a part that braces go around. */
type Unit = string | WordPart;

const maxWords = 64;

/** The words a word with braces becomes (bash manual, "Brace Expansion"), or undefined where they are over 64. */
export function expandBraces(parts: readonly WordPart[]): readonly (readonly WordPart[])[] | undefined {
  const hasBraces = parts.some((part) => part.kind === 'text' && !part.isQuoted && part.text.includes('{'));
  if (!hasBraces) return [parts];
  const units = parts.flatMap((part): Unit[] =>
    part.kind === 'text' && !part.isQuoted ? Array.from(part.text) : [part],
  );
  const words = expandUnits(units, 0);
  return words?.map(joinUnits);
}

function expandUnits(units: readonly Unit[], depth: number): readonly (readonly Unit[])[] | undefined {
  if (depth > 8) return undefined;
  const found = firstGroup(units);
  if (found === undefined) return [units];
  const before = units.slice(0, found.open);
  const rests = expandUnits(units.slice(found.close + 1), depth);
  if (rests === undefined) return undefined;
  const middles: (readonly Unit[])[] = [];
  for (const choice of found.choices) {
    const expanded = expandUnits(choice, depth + 1);
    if (expanded === undefined) return undefined;
    middles.push(...expanded);
  }
  if (middles.length * rests.length > maxWords) return undefined;
  return middles.flatMap((middle) => rests.map((rest) => [...before, ...middle, ...rest]));
}

type Group = { readonly open: number; readonly close: number; readonly choices: readonly (readonly Unit[])[] };

function firstGroup(units: readonly Unit[]): Group | undefined {
  const last = units.lastIndexOf('}');
  let tried = 0;
  for (
    let open = units.indexOf('{');
    open !== -1 && open < last && tried < maxWords;
    open = units.indexOf('{', open + 1)
  ) {
    tried += 1;
    const group = groupAt(units, open);
    if (group !== undefined) return group;
  }
  return undefined;
}

function groupAt(units: readonly Unit[], open: number): Group | undefined {
  let depth = 0;
  let from = open + 1;
  const choices: (readonly Unit[])[] = [];
  for (let at = open + 1; at < units.length; at += 1) {
    const unit = units[at];
    if (unit === '{') depth += 1;
    else if (unit === ',' && depth === 0) {
      choices.push(units.slice(from, at));
      from = at + 1;
    } else if (unit === '}' && depth > 0) depth -= 1;
    else if (unit === '}') {
      const inner = units.slice(open + 1, at);
      if (choices.length > 0) return { open, close: at, choices: [...choices, units.slice(from, at)] };
      const range = rangeOf(inner);
      return range === undefined ? undefined : { open, close: at, choices: range };
    }
  }
  return undefined;
}

/** `{1..3}`, `{a..e}`, with a step. */
function rangeOf(inner: readonly Unit[]): (readonly Unit[])[] | undefined {
  if (!inner.every((unit) => typeof unit === 'string')) return undefined;
  const found = /^(?:(-?\d{1,9})\.\.(-?\d{1,9})|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d{1,9}))?$/.exec(inner.join(''));
  if (found === null) return undefined;
  const [, first, last, firstLetter, lastLetter, by] = found;
  const isLetters = firstLetter !== undefined;
  const from = isLetters ? firstLetter.charCodeAt(0) : Number(first);
  const to = isLetters ? (lastLetter ?? '').charCodeAt(0) : Number(last);
  const step = Math.max(1, Math.abs(Number(by ?? 1)));
  const count = Math.floor(Math.abs(to - from) / step) + 1;
  const entries = Array.from(
    { length: Math.min(count, maxWords + 1) },
    (_, index) => from + (to < from ? -1 : 1) * index * step,
  );
  return entries.map((entry) => Array.from(isLetters ? String.fromCharCode(entry) : String(entry)));
}

function joinUnits(units: readonly Unit[]): WordPart[] {
  const parts: WordPart[] = [];
  for (const unit of units) {
    const last = parts.at(-1);
    if (typeof unit !== 'string') parts.push(unit);
    else if (last?.kind === 'text' && !last.isQuoted) parts[parts.length - 1] = { ...last, text: last.text + unit };
    else parts.push({ kind: 'text', text: unit, isQuoted: false });
  }
  return parts;
}
