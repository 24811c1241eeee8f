import type { RegexTest } from '../regex.ts';
import { foldCase } from '../wildcard.ts';

/** Literals, folded, one of which any text must hold for the expression to be found in it; undefined where none can be told. */
export function requiredLiterals(regex: RegexTest): readonly string[] | undefined {
  const reader = createReader(regex.source);
  const required = reader.readAlternatives(regex.ignoreCase, 0);
  return required === undefined || reader.gaveUp() || !reader.atEnd() ? undefined : required;
}

type Literals = readonly string[];

/** More literals than this say less than the field's presence costs. */
const maxLiterals = 64;
const maxDepth = 32;
const repetition = /\{(\d{1,4})(?:,\d{0,4})?\}/y;
const groupStart = /\?(?:P?<\w+>|(?<on>[imsU]*)(?:-(?<off>[imsU]+))?(?<end>[:)]))/y;

/** Reads only as much of RE2's syntax as it is sure of, and gives up on the rest: not knowing loses nothing but speed. */
function createReader(source: string) {
  let at = 0;
  let unsure = false;

  function giveUp(): undefined {
    unsure = true;
    at = source.length;
    return undefined;
  }

  /** Up to the end or the bracket that closes the group. */
  function readAlternatives(ignoreCase: boolean, depth: number): Literals | undefined {
    if (depth > maxDepth) return giveUp();
    const alternatives = [];
    let caseless = ignoreCase;
    for (;;) {
      const sequence = readSequence(caseless, depth);
      // Flags set in one alternative hold in those after it.
      caseless = sequence.ignoreCase;
      alternatives.push(sequence.best);
      if (source[at] !== '|') break;
      at += 1;
    }
    const all = alternatives.flatMap((literals) => literals ?? []);
    return alternatives.includes(undefined) || all.length > maxLiterals ? undefined : [...new Set(all)];
  }

  function readSequence(flag: boolean, depth: number): { best: Literals | undefined; ignoreCase: boolean } {
    let ignoreCase = flag;
    let best: Literals | undefined;
    let run = '';
    const offer = (literals: Literals | undefined): void => {
      if (literals !== undefined && shortest(literals) > shortest(best)) best = literals;
    };
    const endRun = (): void => {
      const literal = foldCase(run);
      if (literal !== '') offer([literal]);
      run = '';
    };
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      if (source[at] === '(') {
        endRun();
        at += 1;
        const group = readGroup(ignoreCase, depth);
        ignoreCase = group.ignoreCase;
        if (readRepetition() !== 'maybe none') offer(group.literals);
        continue;
      }
      const character = readCharacter(ignoreCase);
      const repeated = readRepetition();
      if (character === undefined || repeated === 'maybe none') {
        endRun();
        continue;
      }
      run += character;
      if (repeated === 'at least once') endRun();
    }
    endRun();
    return { best, ignoreCase };
  }

  /** Behind the opening bracket. A group of flags alone changes those of what follows. */
  function readGroup(flag: boolean, depth: number): { literals: Literals | undefined; ignoreCase: boolean } {
    let inner = flag;
    if (source[at] === '?') {
      groupStart.lastIndex = at;
      const start = groupStart.exec(source);
      if (start === null) return { literals: giveUp(), ignoreCase: flag };
      at = groupStart.lastIndex;
      if (start.groups?.['on']?.includes('i') === true) inner = true;
      if (start.groups?.['off']?.includes('i') === true) inner = false;
      if (start.groups?.['end'] === ')') {
        // A repetition here would be one of what stands before the flags.
        const isRepeated = /[*+?{]/.test(source.charAt(at));
        return { literals: isRepeated ? giveUp() : undefined, ignoreCase: inner };
      }
    }
    const literals = readAlternatives(inner, depth + 1);
    if (source[at] !== ')') return { literals: giveUp(), ignoreCase: flag };
    at += 1;
    return { literals, ignoreCase: flag };
  }

  /** One character, or undefined where any of several, or none, may stand. */
  function readCharacter(ignoreCase: boolean): string | undefined {
    const character = source.charAt(at);
    at += 1;
    if (character === '[') return readClass();
    if (character === '.' || character === '^' || character === '$') return undefined;
    if (character === '\\') {
      const escaped = source.charAt(at);
      at += 1;
      if (/[!-/:-@[-`{-~]/.test(escaped)) return escaped;
      return /[dDwWsSbBnrtfv]/.test(escaped) ? undefined : giveUp();
    }
    // Halves of characters and what stands for them.
    if (character >= '\uD800') return undefined;
    // Without case, RE2 takes "ſ" for "s", and has other pairs outside ASCII that lower case does not join.
    return ignoreCase && (character > '\u007F' || /s/i.test(character)) ? undefined : character;
  }

  /** Passes over a class of characters. */
  function readClass(): undefined {
    if (source[at] === '^') at += 1;
    if (source[at] === ']') at += 1;
    while (at < source.length && source[at] !== ']') {
      if (source[at] === '[' && source[at + 1] === ':') return giveUp();
      at += source[at] === '\\' ? 2 : 1;
    }
    at += 1;
    return undefined;
  }

  function readRepetition(): 'once' | 'at least once' | 'maybe none' {
    const mark = source[at];
    let least = 1;
    if (mark === '*' || mark === '?') {
      least = 0;
      at += 1;
    } else if (mark === '+') {
      at += 1;
    } else {
      repetition.lastIndex = at;
      const counted = mark === '{' ? repetition.exec(source) : null;
      if (counted === null) return 'once';
      least = Number(counted[1]);
      at = repetition.lastIndex;
    }
    if (source[at] === '?') at += 1;
    return least === 0 ? 'maybe none' : 'at least once';
  }

  return { readAlternatives, gaveUp: () => unsure, atEnd: () => at === source.length };
}

function shortest(literals: Literals | undefined): number {
  return literals === undefined ? 0 : Math.min(...literals.map((literal) => literal.length));
}
