import type { List, Parameter, Word, WordPart } from '../shell/syntax.ts';
import { expandBraces } from './braces.ts';
import { applyOperator } from './parameter-operators.ts';
import type { State } from './state.ts';
import { bounded, concat, hole, isKnown, known, maxAlternatives, onlyText, unknown, withWildcards } from './text.ts';
import type { Text, Value } from './text.ts';

/** What expansion asks of the walker: what a script in a word would print. */
export type Expander = {
  readonly state: State;
  readonly home: string | undefined;
  /** `${name:=value}` sets the variable. */
  readonly assign: (name: string, value: Value) => void;
  /** Runs the script of a substitution and gives what it prints. */
  readonly output: (script: List, state: State) => Value;
  /** Runs the script of `<(…)` or `>(…)` and gives the path that stands for it. */
  readonly processPath: (script: List, way: 'read' | 'write', state: State) => Text;
  /** A value that arithmetic may run as code: `a[$(…)]` in a variable. */
  readonly arithmetic: (expression: string) => void;
};

/** A list of arguments as it may be; a word becomes none, one or several. */
type Fields = readonly Text[];
/** Fields that are done, and the one that is still being put together. */
type Draft = { readonly done: Fields; readonly current: Text | undefined };

/**
 * The arguments that a word becomes, in every way that is possible: braces, tilde, parameters, substitutions, splitting (POSIX shell, 2.6).
 * File names are not looked up: wildcards stay, marked.
 */
export function expandWord(word: Word, expander: Expander): readonly Fields[] {
  const words = expandBraces(word.parts);
  if (words === undefined) return [[unknown('its braces become too many words')]];
  return product(words.map((parts) => expandParts(parts, expander, true)));
}

/** As one text, not split and without braces: a value that is assigned, the target of a redirection. */
export function expandText(parts: readonly WordPart[], expander: Expander): Value {
  return bounded(expandParts(parts, expander, false).map(joinFields));
}

function joinFields(fields: Fields): Text {
  const [first = known(''), ...rest] = fields;
  return rest.reduce((text, field) => concat(concat(text, known(' ')), field), first);
}

/** Every way of the first, followed by every way of the next, bounded. */
export function product(ways: readonly (readonly Fields[])[]): readonly Fields[] {
  let result: Text[][] = [[]];
  for (const way of ways) {
    const [only] = way;
    if (way.length === 1 && only !== undefined) {
      for (const fields of result) fields.push(...only);
    } else if (result.length * way.length > maxAlternatives) {
      result = [[...(result[0] ?? []), unknown('it may be too many things')]];
    } else {
      result = result.flatMap((before) => way.map((fields) => [...before, ...fields]));
    }
  }
  return result;
}

function expandParts(parts: readonly WordPart[], expander: Expander, splits: boolean): readonly Fields[] {
  let drafts: readonly Draft[] = [{ done: [], current: undefined }];
  for (const [index, part] of parts.entries()) {
    const ways = partWays(part, expander, { isFirst: index === 0, splits });
    const next = drafts.flatMap((draft) => ways.map((fields) => append(draft, fields)));
    drafts =
      next.length > maxAlternatives
        ? [
            append(drafts[0] ?? { done: [], current: undefined }, {
              fields: [unknown('it may be too many things')],
              isOpen: true,
            }),
          ]
        : next;
  }
  return drafts.map(({ done, current }) => (current === undefined ? done : [...done, current]));
}

/** What one part adds: the first field goes on with the current one, the last stays open, where `isOpen`. */
type Addition = { readonly fields: Fields; readonly isOpen: boolean; readonly startsNew?: boolean };

function append({ done, current }: Draft, { fields, isOpen, startsNew = false }: Addition): Draft {
  const [first, ...rest] = fields;
  if (first === undefined)
    return startsNew && current !== undefined ? { done: [...done, current], current: undefined } : { done, current };
  const finished = startsNew && current !== undefined ? [...done, current] : done;
  const head = current === undefined || startsNew ? first : concat(current, first);
  const all = [head, ...rest];
  return isOpen
    ? { done: [...finished, ...all.slice(0, -1)], current: all.at(-1) }
    : { done: [...finished, ...all], current: undefined };
}

type How = { readonly isFirst: boolean; readonly splits: boolean };

function partWays(part: WordPart, expander: Expander, how: How): readonly Addition[] {
  switch (part.kind) {
    case 'text': {
      if (part.isQuoted) return [open(known(part.text))];
      const text = how.isFirst ? withTilde(part.text, expander) : known(part.text);
      return [open({ ...text, text: how.splits ? withWildcards(text.text) : text.text })];
    }
    case 'process':
      return [open(expander.processPath(part.script, part.way, expander.state))];
    case 'arithmetic': {
      for (const inner of part.words) partWays(inner, expander, { isFirst: false, splits: false });
      expander.arithmetic(part.text);
      const number = /^\s*(\d{1,12})\s*$/.exec(part.text)?.[1];
      return [open(number === undefined ? unknown('a number that is worked out when it runs') : known(number))];
    }
    case 'command': {
      const printed = expander
        .output(part.script, expander.state)
        .map((text) => ({ ...text, text: text.text.replace(/\n+$/, '') }));
      return printed.map((text) => split(text, expander, how.splits && !part.isQuoted));
    }
    case 'parameter': {
      const isList = /^[@*]$/.test(part.parameter.name) || onlyListSubscript(part.parameter);
      const splits = how.splits && !part.isQuoted;
      if (isList && part.parameter.operator === undefined && !part.parameter.isLength) {
        const fields = listFields(part.parameter, expander);
        if (how.splits)
          return [
            {
              fields: fields.flatMap((text) => (part.isQuoted ? [text] : split(text, expander, true).fields)),
              isOpen: true,
            },
          ];
        return [open(known(fields.map(({ text }) => text).join(' ')))];
      }
      return parameterValue(part.parameter, expander).map((text) => split(text, expander, splits));
    }
    default:
      return [];
  }
}

function open(text: Text): Addition {
  return { fields: [text], isOpen: true };
}

function onlyListSubscript({ subscript }: Parameter): boolean {
  const only = subscript?.[0];
  return only?.kind === 'text' && /^[@*]$/.test(only.text);
}

function listFields({ name, subscript }: Parameter, { state }: Expander): Fields {
  if (subscript !== undefined) {
    return state.arrays.get(name) ?? [unknown(`the array "${name}" is not set here`)];
  }
  return state.positional ?? [unknown('the arguments of the script are not known')];
}

/** Field splitting by IFS; what is left of IFS's changes is a hole. */
function split(text: Text, { state }: Expander, splits: boolean): Addition {
  if (!splits) return open(text);
  const separators = onlyText(state.variables.get('IFS') ?? [known(' \t\n')]);
  const expanded = withWildcards(text.text);
  if (separators === undefined) return open(unknown('IFS is not known'));
  if (separators === '') return open({ ...text, text: expanded });
  const isSeparator = (character: string): boolean => separators.includes(character);
  const fields: string[] = [];
  let field = '';
  for (const character of expanded) {
    if (!isSeparator(character)) {
      field += character;
    } else if (field !== '') {
      fields.push(field);
      field = '';
    }
  }
  const endsOpen = field !== '';
  if (endsOpen) fields.push(field);
  const startsNew = expanded !== '' && isSeparator(expanded.charAt(0));
  return { fields: fields.map((entry) => ({ ...text, text: entry })), isOpen: endsOpen, startsNew };
}

function withTilde(text: string, { home, state }: Expander): Text {
  const found = /^~([^/:]*)(?=\/|:|$)/.exec(text);
  if (found === null) return known(text);
  const [whole, user = ''] = found;
  const rest = text.slice(whole.length);
  if (user === '') {
    const set = state.variables.get('HOME');
    const at = set === undefined ? home : onlyText(set);
    return at === undefined ? { text: `${hole}${rest}`, why: 'the home directory is not known' } : known(at + rest);
  }
  if (user === 'root') return known(`/root${rest}`);
  if (user === '+') return known((state.cwds.length === 1 ? (state.cwds[0] ?? hole) : hole) + rest);
  return { text: `/home/${user}${rest}`, why: `the home directory of "${user}" is not known` };
}

/** The texts that `${…}` may be. */
function parameterValue(parameter: Parameter, expander: Expander): Value {
  const { name, subscript } = parameter;
  let value = subscript === undefined ? plainValue(name, expander) : elementValue(name, subscript, expander);
  if (parameter.isIndirect && parameter.operator !== '*') {
    const target = onlyText(value);
    value =
      target === undefined || !/^\w+$/.test(target)
        ? [unknown(`which variable "${name}" names is not known`)]
        : plainValue(target, expander);
  } else if (parameter.isIndirect) {
    value = [unknown('names of variables')];
  }
  if (parameter.isLength) {
    const text = onlyText(value);
    return [text === undefined ? unknown('a length') : known(String(text.length))];
  }
  if (parameter.operator === undefined) return value;
  const argument = parameter.argument === undefined ? [known('')] : expandText(parameter.argument, expander);
  const result = applyOperator(parameter.operator, value, argument);
  if (parameter.operator.endsWith('=') && result !== value) expander.assign(name, result);
  return result;
}

function plainValue(name: string, { state, home }: Expander): Value {
  if (/^[1-9]\d*$/.test(name)) {
    const text = state.positional?.[Number(name) - 1];
    if (text !== undefined) return [text];
    return [state.positional === undefined ? unknown(`the argument $${name} is not known`) : known('')];
  }
  if (name === '#' && state.positional !== undefined) return [known(String(state.positional.length))];
  if (name === 'PWD') return state.cwds.map((text) => ({ text }));
  const set = state.variables.get(name);
  if (set !== undefined) return set;
  const element = state.arrays.get(name)?.[0];
  if (element !== undefined) return [element];
  if (name === 'HOME' && home !== undefined) return [known(home)];
  if (name === 'IFS') return [known(' \t\n')];
  return [unknown(`"$${name}" is not set in the command`)];
}

function elementValue(name: string, subscript: readonly WordPart[], expander: Expander): Value {
  const index = onlyText(expandText(subscript, expander));
  const elements = expander.state.arrays.get(name);
  const element = index !== undefined && /^\d{1,4}$/.test(index) ? elements?.[Number(index)] : undefined;
  if (element !== undefined && elements?.every(isKnown) === true) return [element];
  if (elements === undefined && index === '0') return plainValue(name, expander);
  return [unknown(`the element of "${name}" is not known`)];
}
