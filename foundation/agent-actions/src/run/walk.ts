import type { ActionRefusal } from '../action.ts';
import { judgeCommand } from '../programs/judge-command.ts';
import { assignedIn, subscriptScript } from '../programs/subscripts.ts';
import { parseShell } from '../shell/parse.ts';
import type { AndOr, Command, List, Pipeline, Redirect } from '../shell/syntax.ts';
import { addGuardCredential } from '../programs/guard.ts';
import { addPath, addProgram } from './effects.ts';
import { absolute, fileText } from './files.ts';
import { expandText, expandWord, product } from './expand.ts';
import type { Expander } from './expand.ts';
import type { Around, Run, Where } from './run.ts';
import { addCwds, forked, merge } from './state.ts';
import type { State } from './state.ts';
import { bounded, concat, isWild, known, onlyText, unknown } from './text.ts';
import type { Text, Value } from './text.ts';
import { assignShellVariable, assignVariable } from './variables.ts';

const limits = { steps: 2_000, depth: 12, pathCharacters: 60_000, wildCost: 50 } as const;

type Sink = Pick<Run, 'context' | 'add'> & { readonly refuse: (refusal: ActionRefusal) => void };

/** What follows scripts through everything they start, with one budget for all of it. */
export function createRun({ context, add, refuse }: Sink): Run {
  let steps = 0;
  let depth = 0;
  let descriptors = 63;
  let isSpent = false;
  let pathCharacters = 0;

  function spend(where: Where): boolean {
    steps += 1;
    if (steps <= limits.steps) return true;
    if (!isSpent) run.refuse('too_many', `Cannot follow the command: it has over ${limits.steps} steps`, where);
    isSpent = true;
    return false;
  }

  function deeper(where: Where, go: () => Value): Value {
    if (depth >= limits.depth) {
      run.refuse('too_deep', `Cannot follow the command: programs start each other over ${limits.depth} deep`, where);
      return [unknown('it goes too deep')];
    }
    depth += 1;
    const value = go();
    depth -= 1;
    return value;
  }

  function script(text: Text, around: Around, positional?: readonly Text[]): Value {
    const { where } = around;
    const disguises = [...new Set([...where.disguises, ...(text.disguises ?? [])])];
    const inside: Around = { ...around, where: { ...where, disguises } };
    const source = onlyText([text]);
    if (source === undefined) {
      addProgram(
        { ...inside, run },
        { name: 'sh', classes: ['shell'], arguments: [text] },
        { doubt: (text.why ?? '').startsWith('fetched') ? 'fetched_code' : 'unknown_until_run', why: text.why },
      );
      return [unknown('what a script that is not known prints')];
    }
    addGuardCredential(source, run, inside.where);
    const parsed = parseShell(source);
    if (!parsed.ok) {
      run.refuse(parsed.code, `Cannot read the command at ${parsed.at}: ${parsed.message}`, inside.where);
      return [unknown('what a script that is not understood prints')];
    }
    return deeper(where, () => {
      const { state } = inside;
      const before = state.positional;
      if (positional !== undefined) state.positional = positional;
      const value = walkList(parsed.script, inside);
      state.positional = before;
      return value;
    });
  }

  function walkList(list: List, around: Around): Value {
    let output: Value = [known('')];
    for (const item of list.items) output = joinOutputs(output, walkItem(item, around));
    return output;
  }

  function walkItem(item: AndOr, around: Around): Value {
    if (item.isBackground) return walkAndOr(item, { ...around, state: forked(around.state) });
    return walkAndOr(item, around);
  }

  /** What fails leaves the directory as it was: without `&&`, `|| exit` or `set -e`, what comes after may run in either. */
  function walkAndOr({ first, rest }: AndOr, around: Around): Value {
    const { state } = around;
    const before = state.cwds;
    let output = walkPipeline(first, around);
    let isChecked = state.stopsOnError;
    for (const { operator, pipeline } of rest) {
      if (operator === '&&') {
        output = joinOutputs(output, walkPipeline(pipeline, around));
        continue;
      }
      const ends = /^(?:exit|return)$/.test(firstWord(pipeline));
      isChecked = isChecked || ends;
      const other = forked(state);
      other.cwds = before;
      const otherOutput = walkPipeline(pipeline, { ...around, state: other });
      if (!ends) {
        merge(state, other);
        output = bounded([...output, ...joinOutputs(output, otherOutput)]);
      }
    }
    if (!isChecked) addCwds(state, before);
    return output;
  }

  function walkPipeline({ commands }: Pipeline, around: Around): Value {
    const [only] = commands;
    if (only === undefined) return [known('')];
    if (commands.length === 1) return walkCommand(only, around);
    let stdin = around.stdin;
    for (const command of commands) stdin = walkCommand(command, { ...around, state: forked(around.state), stdin });
    return stdin ?? [known('')];
  }

  function walkCommand(command: Command, outer: Around): Value {
    if (!spend(outer.where)) return [unknown('it was not followed')];
    const around = { ...outer, where: placed(outer.where, command) };
    const { stdin, outputs } = walkRedirects(command.redirects, around);
    const inside: Around = { ...around, stdin: stdin ?? around.stdin };
    const output = walkBody(command, inside);
    for (const { path, isAppend } of outputs) {
      const earlier = isAppend ? inside.state.files.get(path) : undefined;
      inside.state.files.set(path, isAppend ? joinOutputs(earlier ?? [unknown('what the file held')], output) : output);
    }
    return outputs.length > 0 ? [known('')] : output;
  }

  function walkBody(command: Command, around: Around): Value {
    const { state } = around;
    const expander = expanderFor(around);
    switch (command.kind) {
      case 'simple':
        return walkSimple(command, around);
      case 'subshell':
        return walkList(command.body, { ...around, state: forked(state) });
      case 'group':
        return walkList(command.body, around);
      case 'function': {
        state.functions.set(command.name, [command.body]);
        return [known('')];
      }
      case 'test':
        walkTest(
          command.words.map((word) => expandWord(word, expander)),
          around,
        );
        return [known('')];
      case 'arithmetic':
        expandText(command.expression.parts, expander);
        return [known('')];
      case 'if': {
        const ends: State[] = [];
        let output: Value = [known('')];
        for (const { test, body } of command.branches) {
          walkList(test, around);
          const branch = forked(state);
          output = bounded([...output, ...walkList(body, { ...around, state: branch })]);
          ends.push(branch);
        }
        if (command.otherwise !== undefined) {
          const branch = forked(state);
          output = bounded([...output, ...walkList(command.otherwise, { ...around, state: branch })]);
          ends.push(branch);
        }
        for (const end of ends) merge(state, end);
        return output;
      }
      case 'case': {
        expandText(command.word.parts, expander);
        const ends: State[] = [];
        let output: Value = [known('')];
        for (const { patterns, body } of command.clauses) {
          for (const pattern of patterns) expandText(pattern.parts, expander);
          const branch = forked(state);
          output = bounded([...output, ...walkList(body, { ...around, state: branch })]);
          ends.push(branch);
        }
        for (const end of ends) merge(state, end);
        return output;
      }
      case 'while':
        return walkLoop(around, () => {
          walkList(command.test, around);
          walkList(command.body, around);
        });
      case 'for-arithmetic':
        return walkLoop(around, () => {
          expandText(command.expression.parts, expander);
          walkList(command.body, around);
        });
      case 'for': {
        const words = command.words;
        const ways =
          words === undefined
            ? [state.positional ?? [unknown('the arguments are not known')]]
            : product(words.map((word) => expandWord(word, expander)));
        const entries = bounded(ways.flat());
        if (entries.length === 0) return [known('')];
        return walkLoop(around, () => {
          assignShellVariable(command.name, entries, { ...around, run });
          walkList(command.body, around);
        });
      }
      default:
        return [known('')];
    }
  }

  /** `-v name` and comparisons of numbers read their words once more. */
  function walkTest(words: readonly (readonly (readonly Text[])[])[], around: Around): void {
    const texts = words.flat(2);
    for (const text of texts) {
      const evaluated = subscriptScript(text);
      if (evaluated !== undefined) script(evaluated, around);
    }
  }

  /** Once for the first time round, once more with everything the body changed not known, which is every later time. */
  function walkLoop({ state }: Around, body: () => void): Value {
    const before = new Map(state.variables);
    const cwds = state.cwds;
    body();
    addCwds(state, cwds);
    const changed = [...state.variables].filter(([name, value]) => before.get(name) !== value);
    if (changed.length > 0 || state.cwds.length > cwds.length) {
      for (const [name] of changed) state.variables.set(name, [unknown(`"${name}" changes in a loop`)]);
      body();
    }
    return [unknown('what a loop prints')];
  }

  type Simple = Extract<Command, { kind: 'simple' }>;

  function walkSimple({ assignments, words }: Simple, around: Around): Value {
    const { state } = around;
    const expander = expanderFor(around);
    const ways = product(words.map((word) => expandWord(word, expander)));
    const isAlone = words.length === 0;
    // Assignments before a command are that command's alone.
    const target = isAlone ? state : forked(state);
    for (const { name, subscript, isAppend, value, elements } of assignments) {
      if (elements !== undefined) {
        const fields = product(elements.map((word) => expandWord(word, expander)));
        const [only] = fields;
        target.arrays.set(
          name,
          fields.length === 1 && only !== undefined ? only : [unknown(`"${name}" may be several arrays`)],
        );
        target.variables.delete(name);
        const held = target.arrays.get(name) ?? [];
        // `PROMPT_COMMAND=(command)`: a name that means something means it for each.
        for (const element of held) assignVariable(name, [element], { ...around, state: forked(target), run });
        continue;
      }
      const text = expandText(value.parts, expander);
      if (subscript !== undefined) {
        setElement(target, name, subscript, text);
        continue;
      }
      const earlier = target.variables.get(name) ?? [unknown(`"${name}" was not set here`)];
      const assign = isAlone ? assignShellVariable : assignVariable;
      assign(name, isAppend ? joinOutputs(earlier, text) : text, { ...around, state: target, run });
    }
    if (isAlone) return [known('')];
    const outputs = ways.map((argv) =>
      judgeArguments(argv, { ...around, state: assignments.length === 0 ? state : target }, state),
    );
    return bounded(outputs.flat());
  }

  function judgeArguments(argv: readonly Text[], around: Around, outer: State): Value {
    const output = command(argv, around);
    // A builtin may have moved or defined something: the command's own variables end with it, the rest stays.
    if (around.state !== outer) {
      outer.cwds = around.state.cwds;
      for (const [name, body] of around.state.functions) outer.functions.set(name, body);
    }
    return output;
  }

  function command(argv: readonly Text[], around: Around): Value {
    const [name, ...rest] = argv;
    if (name === undefined) return [known('')];
    if (!spend(around.where)) return [unknown('it was not followed')];
    const bodies = around.state.functions.get(name.text);
    if (bodies === undefined) return deeper(around.where, () => judgeCommand(name, rest, { ...around, run }));
    const { positional } = around.state;
    const value = deeper(around.where, () => {
      around.state.positional = rest;
      return bounded(bodies.flatMap((body) => walkCommand(body, around)));
    });
    around.state.positional = positional;
    return value;
  }

  type Redirected = {
    readonly stdin: Value | undefined;
    readonly outputs: readonly { readonly path: string; readonly isAppend: boolean }[];
  };

  function walkRedirects(redirects: readonly Redirect[], around: Around): Redirected {
    let stdin: Value | undefined;
    const outputs: { path: string; isAppend: boolean }[] = [];
    const effect = { ...around, run };
    for (const { operator, target, descriptor } of redirects) {
      const value = expandText(target.parts, expanderFor(around));
      if (operator === '<<' || operator === '<<<') {
        stdin = operator === '<<' ? value : joinOutputs(value, [known('\n')]);
        continue;
      }
      for (const text of value) {
        if ((operator === '<&' || operator === '>&') && /^(?:\d+-?|-)$/.test(text.text)) continue;
        if (operator === '<' || operator === '<>' || operator === '<&') addPath(effect, 'read', text);
        if (operator !== '<' && operator !== '<&') addPath(effect, 'write', text);
      }
      const path = onlyText(value);
      const isInput = operator === '<' && (descriptor === undefined || descriptor === '0');
      if (isInput) stdin = path === undefined ? [unknown('what is in the file')] : fileText(path, around.state, run);
      const isOutput = /^(?:>|>>|>\||&>|&>>|>&)$/.test(operator) && (descriptor === undefined || descriptor === '1');
      if (isOutput && path !== undefined && !/^(?:\d+-?|-)$/.test(path)) {
        outputs.push({ path: absolute(path, around.state), isAppend: operator.endsWith('>>') });
      }
    }
    return { stdin, outputs };
  }

  function expanderFor(around: Around): Expander {
    const { where } = around;
    return {
      state: around.state,
      home: context.home,
      assign: (name, value) => {
        assignShellVariable(name, value, { ...around, run });
      },
      output: (list, state) =>
        deeper(where, () => walkList(list, { where, state: forked(state), stdin: around.stdin })),
      processPath: (list, way, state) => {
        const printed = deeper(where, () =>
          walkList(list, {
            where,
            state: forked(state),
            stdin: way === 'write' ? [unknown('what is written into it')] : undefined,
          }),
        );
        descriptors = descriptors > 10 ? descriptors - 1 : descriptors;
        const path = `/dev/fd/${descriptors}`;
        if (way === 'read') state.files.set(path, printed);
        return known(path);
      },
      arithmetic: (expression) => {
        // A number in a variable of the shell's own is only a number.
        for (const name of assignedIn(expression).filter((name) => /[A-Z]/.test(name)))
          assignShellVariable(name, [unknown(`"${name}" is counted when it runs`)], { ...around, run });
        for (const name of expression.match(/[A-Za-z_]\w*/g) ?? []) {
          for (const text of around.state.variables.get(name) ?? []) {
            if (!/\$\(|`|\uF8FF/.test(text.text) || /^\uF8FF$/.test(text.text)) continue;
            addProgram(
              { ...around, run },
              { name: 'sh', classes: ['shell'], arguments: [text] },
              { doubt: 'unknown_until_run', why: 'arithmetic runs what is in a variable' },
            );
          }
        }
      },
    };
  }

  const run: Run = {
    context,
    add,
    refuse: (code, message, { part }) => {
      refuse({ code, message, by: part });
    },
    mayPlace: (text, where) => {
      pathCharacters += text.text.length * (isWild(text) ? limits.wildCost : 1);
      if (pathCharacters <= limits.pathCharacters) return true;
      run.refuse('too_many', 'Cannot tell all paths: they are too many, or their patterns too long', where);
      return false;
    },
    script,
    command,
  };
  return run;
}

function placed(where: Where, { start, end }: Command): Where {
  // Only the call's own text has places; scripts found in it keep the place of what starts them.
  if (where.through.length > 0 || where.part.start === undefined) return where;
  const { full = '' } = where;
  return { ...where, part: { ...where.part, text: full.slice(start, end).slice(0, 200), start, end } };
}

function setElement(state: State, name: string, subscript: string, value: Value): void {
  const elements = [...(state.arrays.get(name) ?? [])];
  const [only] = value;
  if (/^\d{1,3}$/.test(subscript) && value.length === 1 && only !== undefined && Number(subscript) <= elements.length) {
    elements[Number(subscript)] = only;
    state.arrays.set(name, elements);
    return;
  }
  state.arrays.set(name, [unknown(`an element of "${name}" is not known`)]);
}

function firstWord({ commands }: Pipeline): string {
  const [only] = commands;
  if (commands.length !== 1 || only === undefined) return '';
  if (only.kind === 'group') {
    const last = only.body.items.at(-1);
    return last === undefined ? '' : firstWord(last.rest.at(-1)?.pipeline ?? last.first);
  }
  const part = only.kind === 'simple' ? only.words[0]?.parts[0] : undefined;
  return part?.kind === 'text' ? part.text : '';
}

function joinOutputs(before: Value, after: Value): Value {
  return bounded(before.flatMap((a) => after.map((b) => concat(a, b))));
}
