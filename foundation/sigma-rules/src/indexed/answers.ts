import { compileValueTest } from '../value-test.ts';
import type { CompiledTest } from '../value-test.ts';
import type { Atom } from './atoms.ts';
import type { EventReader } from './event-reader.ts';
import { createFieldIndex } from './field-index.ts';
import type { FieldIndex } from './field-index.ts';
import type { TextBytes } from './text-bytes.ts';
import { expectedShare } from './witness.ts';
import type { Expression } from './expression.ts';

/** What is known of the event at hand: each atom is asked at most once, whatever number of rules ask it. */
export type Answers = {
  /** Forgets everything; atoms in `isDecided` do not hold unless `hold` says so. */
  begin(isDecided: Uint8Array): void;
  hold(atom: number): void;
  compile(expression: Expression): () => boolean;
};

/** More tests than this are looked for together. */
const maxOneByOne = 6;
const marksUntilWrap = 1_000_000_000;

export function createAnswers(atoms: readonly Atom[], reader: EventReader, textBytes: TextBytes): Answers {
  const compiledTests: (readonly CompiledTest[] | undefined)[] = atoms.map(() => undefined);
  const fields = Int32Array.from(atoms, ({ field }) => (field === undefined ? -1 : (reader.fieldNumber(field) ?? -1)));
  /** By atom: `mark` where it holds, `mark` + 1 where it does not; anything else is of an earlier event. */
  const known = new Int32Array(atoms.length);
  const indexes: (FieldIndex | undefined)[] = atoms.map(() => undefined);
  let mark = 2;
  let decided: Uint8Array = new Uint8Array(atoms.length);

  function ask(id: number): boolean {
    const holds = decided[id] === 0 && evaluate(id);
    known[id] = holds ? mark : mark + 1;
    return holds;
  }

  function evaluate(id: number): boolean {
    const atom = atoms[id];
    if (atom !== undefined && atom.isSure && atom.tests.length > maxOneByOne) return isSeen(atom);
    const tests = (compiledTests[id] ??= atom?.tests.map(compileValueTest) ?? []);
    const field = fields[id] ?? -1;
    if (field < 0) return anyValueSatisfies(tests);
    const values = reader.valuesOf(field);
    for (let at = 0; at < tests.length; at += 1) {
      if (tests[at]?.(values, reader.event) !== undefined) return true;
    }
    return false;
  }

  /** Long lists have a small index of their own. */
  function isSeen(atom: Atom): boolean {
    const index = (indexes[atom.id] ??= createFieldIndex([atom], textBytes));
    let isHit = false;
    for (const value of reader.valuesOf(fields[atom.id] ?? -1) ?? []) index.look(value, () => void (isHit = true));
    return isHit;
  }

  function anyValueSatisfies(tests: readonly CompiledTest[]): boolean {
    for (const [, values] of reader.event.entries()) {
      for (const test of tests) if (test(values, reader.event) !== undefined) return true;
    }
    return false;
  }

  function compile(expression: Expression): () => boolean {
    switch (expression.kind) {
      case 'atom': {
        const id = expression.atom;
        return () => {
          const answer = known[id];
          if (answer === mark) return true;
          return answer !== mark + 1 && ask(id);
        };
      }
      case 'not': {
        const operand = compile(expression.of);
        return () => !operand();
      }
      case 'atLeast':
        return atLeast(expression);
    }
  }

  /** What is likely to settle the question is asked first. */
  function atLeast({ count, of }: Extract<Expression, { kind: 'atLeast' }>): () => boolean {
    const isAll = count === of.length;
    const parts = of
      .map((part) => ({ share: likelihood(part), ask: compile(part) }))
      .toSorted((left, right) => (isAll ? left.share - right.share : right.share - left.share))
      .map((part) => part.ask);
    if (isAll) return () => parts.every((part) => part());
    if (count === 1) return () => parts.some((part) => part());
    return () => {
      let holding = 0;
      for (const part of parts) if (part()) holding += 1;
      return holding >= count;
    };
  }

  function likelihood(expression: Expression): number {
    if (expression.kind === 'not') return 1 - likelihood(expression.of);
    if (expression.kind === 'atom') {
      const atom = atoms[expression.atom];
      return atom === undefined ? 1 : expectedShare(atom);
    }
    const shares = expression.of.map(likelihood);
    return expression.count === expression.of.length ? Math.min(1, ...shares) : Math.max(0, ...shares);
  }

  return {
    begin(isDecided) {
      decided = isDecided;
      mark += 2;
      if (mark < marksUntilWrap) return;
      known.fill(0);
      mark = 2;
    },
    hold(atom) {
      known[atom] = mark;
    },
    compile,
  };
}
