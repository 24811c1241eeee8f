import type { ValueTest } from '../detection.ts';
import { foldCase } from '../wildcard.ts';
import type { PatternToken } from '../wildcard.ts';
import { requiredLiterals } from './required-literals.ts';

/**
 * What a field must hold, in folded text, for a test to hold: what the index looks for. With `sure`, it is the whole test;
 * without, the test itself decides. `present`: nothing is known but that the field is there. `none`: the test may hold for an event
 * without the field.
 */
export type Clue =
  | { readonly kind: 'equals' | 'starts' | 'ends' | 'holds'; readonly text: string; readonly sure: boolean }
  | { readonly kind: 'number'; readonly number: number; readonly text: string }
  | { readonly kind: 'present' }
  | { readonly kind: 'none' };

const present: readonly Clue[] = [{ kind: 'present' }];

/** One of these must be seen in one of the field's values, or the test does not hold. */
export function cluesOf(test: ValueTest): readonly Clue[] {
  switch (test.kind) {
    case 'pattern':
      return [clueOfPattern(test.tokens, test.cased)];
    case 'number':
      if (Number.isInteger(test.number) && !Number.isSafeInteger(test.number))
        return [{ kind: 'equals', text: test.text.toLowerCase(), sure: true }];
      return [{ kind: 'number', number: test.number, text: test.text.toLowerCase() }];
    case 'boolean':
      return [{ kind: 'equals', text: String(test.boolean), sure: true }];
    case 'regex':
      return requiredLiterals(test.regex)?.map((text) => ({ kind: 'holds', text, sure: false })) ?? present;
    case 'exists':
      return test.present ? present : [{ kind: 'none' }];
    case 'compare':
    case 'time':
    case 'cidr':
    case 'field':
      return present;
    case 'null':
      return [{ kind: 'none' }];
    default:
      return unknownTest(test);
  }
}

/** A new kind of test must say what it needs before it compiles; at run time nothing is lost by knowing nothing. */
function unknownTest(_test: never): readonly Clue[] {
  return [{ kind: 'none' }];
}

type Run = { readonly text: string; readonly place: 'whole' | 'start' | 'end' | 'middle' };

/** The longest literal run of the pattern, and whether finding it where it stands is all the pattern asks. */
function clueOfPattern(tokens: readonly PatternToken[], cased: boolean): Clue {
  if (tokens.length === 0) return { kind: 'equals', text: '', sure: true };
  const runs = runsOf(tokens);
  const [longest] = runs.toSorted((left, right) => right.text.length - left.text.length);
  if (longest === undefined) return { kind: 'present' };
  const text = foldCase(longest.text);
  // Half a character beside its other half is another in lower case, and as UTF-8 every half is U+FFFD.
  if (!text.isWellFormed() || text.includes('\uFFFD')) return { kind: 'present' };
  const sure = !cased && tokens.every(({ kind }) => kind === 'many' || kind === 'text') && runs.length === 1;
  switch (longest.place) {
    case 'whole':
      return { kind: 'equals', text, sure };
    case 'start':
      return { kind: 'starts', text, sure };
    case 'end':
      return { kind: 'ends', text, sure };
    case 'middle':
      return { kind: 'holds', text, sure };
  }
}

/** Neighbouring literal tokens as one run each. */
function runsOf(tokens: readonly PatternToken[]): Run[] {
  const runs: Run[] = [];
  for (let from = 0; from < tokens.length;) {
    let to = from;
    let text = '';
    for (let token = tokens[to]; token?.kind === 'text'; token = tokens[to]) {
      text += token.text;
      to += 1;
    }
    if (to > from) runs.push({ text, place: placeOf(from === 0, to === tokens.length) });
    from = Math.max(to, from + 1);
  }
  return runs;
}

function placeOf(atStart: boolean, atEnd: boolean): Run['place'] {
  if (atStart) return atEnd ? 'whole' : 'start';
  return atEnd ? 'end' : 'middle';
}
