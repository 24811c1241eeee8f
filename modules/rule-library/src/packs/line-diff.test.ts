import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffLines, type DiffLine } from '@sallyport/platform/line-diff';

const side = (lines: readonly DiffLine[], kind: DiffLine['kind']): string =>
  lines
    .filter((line) => line.kind !== kind)
    .map(({ text }) => `${text}\n`)
    .join('');

/** The length of the longest common subsequence, worked out the slow way. */
function common(a: readonly string[], b: readonly string[]): number {
  let row = b.map(() => 0);
  for (const one of a) {
    const next: number[] = [];
    for (const [place, other] of b.entries()) {
      const diagonal = place === 0 ? 0 : (row[place - 1] ?? 0);
      next.push(one === other ? diagonal + 1 : Math.max(row[place] ?? 0, next[place - 1] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

test('a difference holds both texts in full and changes as few lines as can be', () => {
  const texts = fc.array(fc.constantFrom('title', 'level: high', '', 'a', 'b'), { maxLength: 14 });
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const [before, after] = [a.map((line) => `${line}\n`).join(''), b.map((line) => `${line}\n`).join('')];
      const lines = diffLines(before, after);
      assert.equal(side(lines, 'added'), before);
      assert.equal(side(lines, 'removed'), after);
      assert.equal(lines.filter(({ kind }) => kind === 'same').length, common(a, b));
    }),
  );
});

test('lines are numbered as in their own text', () => {
  assert.deepEqual(diffLines('a\nb\nc\n', 'a\nx\nc\n'), [
    { kind: 'same', text: 'a', before: 1, after: 1 },
    { kind: 'removed', text: 'b', before: 2 },
    { kind: 'added', text: 'x', after: 2 },
    { kind: 'same', text: 'c', before: 3, after: 3 },
  ]);
});

test('texts that have nothing in common cost no more than they are long', () => {
  const before = Array.from({ length: 20_000 }, (_, line) => `before ${line}\n`).join('');
  const after = Array.from({ length: 20_000 }, (_, line) => `after ${line}\n`).join('');
  const lines = diffLines(before, after);
  assert.equal(lines.length, 40_000);
  assert.equal(side(lines, 'added'), before);
});
