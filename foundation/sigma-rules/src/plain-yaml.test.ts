import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPlainYaml } from './plain-yaml.ts';
import { readUnusualYaml } from './yaml-tree.ts';
import type { YamlTree } from './yaml-tree.ts';

const limits = { maxNodes: 100_000, maxDepth: 32 } as const;
const reference = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

const sample = `# a rule
title: Sample
id: 5e6f0000-0000-4000-8000-000000000001
description: |
    Of two lines,
      one of them further in.

    And one more
false-positives: >-
    Folded over
    several lines,

    in two paragraphs.
references:
    - https://example.org/#part
date: 2026-01-02
tags:
- attack.t1059.001
- attack.execution # beside
logsource:
    product: windows
    more: { category: process_creation, service: [a b, 'c, d', 4] } # beside
detection:
    selection:
        - Image|endswith:
              - '\\\\a.exe'
              - "b.exe"
          EventID: 4688
        - CommandLine|contains|all: 'it''s'
    filter:
        User: null
    condition: selection and not filter
level: high
`.split('\n');

/** What the library makes of it, refusals as their words. */
function byLibrary(text: string): readonly (YamlTree | string)[] {
  return readUnusualYaml(text, limits).map(({ read }) => {
    try {
      return read();
    } catch (error) {
      return String(error);
    }
  });
}

/** Says whether it was read; what was read is what the library reads. */
function isSame(text: string): boolean {
  const tree = readPlainYaml(text, limits);
  if (tree === undefined) return false;
  assert.deepEqual([tree], byLibrary(text), text);
  return true;
}

/** Lines as they stand in rules, and such as look like them. */
const content = fc.oneof(
  fc.constantFrom(
    'a: b',
    'a:',
    '- a',
    '- a: b',
    '- ',
    '-',
    'b: |',
    'b: >',
    'b: >-',
    'b: |-',
    'f: [a, \'b\', "c", 3, null] # x',
    'f: { a: b, c.d: [e, { g: h }] }',
    'f: [a, b',
    'f: [a,]',
    'f: []',
    'f: {}',
    'f: {a: b} c',
    'f: [[a]b]',
    'f: [a: b]',
    'f: {a: b, a: c}',
    'f: [ -, -1, 0x1, ~ ]',
    '[a, b]',
    '- { a: b }',
    '- [a]: b',
    "c: 'x'",
    "c: 'it''s' # said",
    "c: 'x'y",
    "c: 'x",
    'd: "x"',
    'd: "x\\n"',
    'd: "a" "b"',
    'Image|endswith: \\cmd.exe',
    'e: 4688',
    'e: 0x10',
    'e: 1.0',
    'e: 1e3',
    'e: 007',
    'e: -5',
    'e: .5',
    'e: 5e6f-11',
    'e: 2021-01-02',
    'e: null',
    'e: ~',
    'e: True',
    'e: yes',
    'f: a # comment',
    '# comment',
    'f: a#b',
    'f: [a, b]',
    'f: {a: b}',
    'f: *x',
    'f: &x y',
    'f: !t x',
    'f: a: b',
    'f: a:',
    'f: @x',
    'f: `x`',
    'f: %x',
    '- - a',
    '- -',
    '? a',
    '<<: x',
    '---',
    '...',
    'text that goes on',
    "- '*'",
    '"g": h',
    "'g': h",
    '1: a',
    'null: a',
    'a b: c',
    'h:i',
    'h: ',
    'é: ü',
    'i: "é"',
    'j: 日本',
    'k:   spaced   ',
    'a|b|c: d',
    'a: b',
    'l: =',
    'l: <',
    'm: -x',
    'm: - x',
    'm: ?x',
    'm: :x',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'ab:-#\'" |>*&!{[]},?%@`\\~1.e+_'.split('')), maxLength: 10 }),
);
const line = fc
  .tuple(fc.constantFrom(0, 0, 2, 2, 4, 4, 1, 6), content)
  .map(([spaces, words]) => ' '.repeat(spaces) + words);
const text = fc
  .tuple(
    fc.array(
      fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.constantFrom('', ' ', '   ', '\t') }),
      { maxLength: 12 },
    ),
    fc.constantFrom('', '\n', '\n\n', ' '),
  )
  .map(([lines, end]) => lines.join('\n') + end);

test('whatever is read without the library is what the library reads', () => {
  fc.assert(
    fc.property(text, (written) => {
      isSame(written);
    }),
    { numRuns: 4_000 },
  );
});

test('rules with a line taken out, doubled or changed are read as by the library, or by the library', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(4), line), { maxLength: 3 }), (changes) => {
      const lines = [...sample];
      for (const [place, kind, other] of changes) {
        const at = place % lines.length;
        const own = lines[at] ?? '';
        if (kind === 0) lines.splice(at, 1);
        else if (kind === 1) lines.splice(at, 0, own);
        else if (kind === 2) lines.splice(at, 0, other);
        else if (kind === 3) lines[at] = ` ${own}`;
        else lines[at] = own.replace(/[^ ].*$/, other.trim());
      }
      if (isSame(lines.join('\n'))) read += 1;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(read > 300, `${read} were read`);
});

test('lists and maps within one line are read as by the library, or by the library', () => {
  let read = 0;
  const scalar = fc.oneof(
    fc.constantFrom(
      'a',
      'b c',
      "'d, e'",
      '"f"',
      '3',
      '0',
      '-1',
      '1.0',
      'null',
      'true',
      '~',
      'x/y',
      'C:\\d',
      'g: h',
      '*',
      "it's",
      '',
    ),
    fc.string({ unit: fc.constantFrom(...'ab:-#\'" |>*&!?%@`\\~1.e+_'.split('')), maxLength: 5 }),
  );
  const gap = fc.constantFrom('', '', ' ', '  ');
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      scalar,
      fc
        .tuple(gap, fc.array(tie('node'), { maxLength: 3 }), gap)
        .map(([a, items, b]) => `[${a}${items.join(`,${b}`)}${a}]`),
      fc
        .tuple(
          gap,
          fc.array(fc.tuple(fc.constantFrom('a', 'b.c', 'd|e', 'f g', '1'), tie('node')), { maxLength: 3 }),
          gap,
        )
        .map(([a, entries, b]) => `{${a}${entries.map(([key, value]) => `${key}: ${value}`).join(`,${b}`)}${a}}`),
    ),
  }));
  fc.assert(
    fc.property(node, fc.constantFrom('', ' # said', ' x', ' ', ',', ']'), (written, behind) => {
      if (isSame(`a: ${written}${behind}\nb:\n  - ${written}\n`)) read += 1;
    }),
    { numRuns: 4_000 },
  );
  assert.ok(read > 300, `${read} were read`);
});

test('folded blocks are read as by the library, or by the library', () => {
  let read = 0;
  const lines = fc.array(
    fc.constantFrom('  a', '  b c', '', '', '   d', '  e ', '  # f', ' g', '    h', '  - i', '# j'),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(lines, fc.constantFrom('', '\n', '\n\n', '\nb: c\n'), (written, end) => {
      if (isSame(`a: >-\n${written.join('\n')}${end}`)) read += 1;
    }),
    { numRuns: 4_000 },
  );
  assert.ok(read > 300, `${read} were read`);
});

test('a list within one line that is deeper or larger than allowed is the library’s', () => {
  const nested = (depth: number): string => `a: ${'['.repeat(depth)}b${']'.repeat(depth)}\n`;
  assert.ok(isSame(nested(limits.maxDepth - 1)));
  assert.equal(isSame(nested(limits.maxDepth)), false);
  assert.equal(isSame(`a: [${'b, '.repeat(limits.maxNodes)}b]\n`), false);
});

test('a key that is too long for YAML is refused as by the library', () => {
  for (const length of [256, 257, 1_024, 1_025]) {
    const key = 'a'.repeat(length);
    for (const written of [`${key}: b\n`, `a:\n  - ${key}: b\n`]) assert.equal(isSame(written), length <= 256);
  }
});

test('nearly all that comes with the product is read without the library, and as it reads it', () => {
  const content = join(import.meta.dirname, '..', '..', '..', 'content', 'rules');
  const files = globSync('**/*.yml', { cwd: content }).toSorted();
  assert.ok(files.length > 200);
  const unusual = files.filter((file) => !isSame(readFileSync(join(content, file), 'utf8')));
  assert.ok(unusual.length <= files.length / 50, unusual.join(', '));
});

test('nearly the whole SigmaHQ corpus is read without the library, and as it reads it', (context) => {
  if (!existsSync(join(reference, 'sigma'))) return context.skip(`the reference data ${reference} is not there`);
  const files = globSync('sigma/**/*.yml', { cwd: reference }).toSorted();
  assert.ok(files.length > 3_000);
  const read = files.filter((file, order) => {
    const written = readFileSync(join(reference, file), 'utf8');
    // All of them are read; against the library, which takes its time, every fourth is held.
    return order % 4 === 0 ? isSame(written) : readPlainYaml(written, limits) !== undefined;
  });
  assert.ok(read.length / files.length > 0.9, `${read.length} of ${files.length}`);
});
