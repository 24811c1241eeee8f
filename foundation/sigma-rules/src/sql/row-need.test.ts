import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compiled, ruleText } from '../try-detection.ts';
import { createFullScan } from '../full-scan.ts';
import type { JsonObject } from '../json.ts';
import { parseSigmaRules } from '../parse-rules.ts';
import { rowCondition } from './row-condition.ts';
import { rowNeedOf } from './row-need.ts';
import { rewritten } from './row-words.ts';

const reference = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'data');

function clausesOf(detection: string): readonly (readonly string[])[] {
  const rule = compiled(detection);
  assert.ok('rule' in rule, ruleText(detection));
  return rowNeedOf(rule.rule).clauses;
}

test('a rule needs the words of what it looks for, and nothing that it may go without', () => {
  assert.deepEqual(clausesOf('sel:\n  Image|endswith: \\tool.exe\n  CommandLine|contains: [alpha, beta]'), [
    ['tool.exe'],
    ['beta', 'alpha'],
  ]);
  assert.deepEqual(clausesOf('sel:\n  EventID: 4688'), [['4688']]);
  assert.deepEqual(clausesOf('sel:\n  CommandLine|re: (?i)down(load|pour)file'), [['down']]);
  assert.deepEqual(clausesOf('a:\n  Image: alpha.bin\nb:\n  Image: beta.bin\ncondition: a and not b'), [['alpha.bin']]);
  for (const detection of [
    'sel:\n  Image|neq: alpha',
    'sel:\n  Image: null',
    'sel:\n  EventID: 4',
    'sel:\n  Image: ["alpha", ""]',
    'a:\n  Image: alpha\nb:\n  EventID|gt: 4\ncondition: a or b',
    'sel:\n  Image|cidr: 10.0.0.0/8',
    'sel:\n  Image|contains: "1.5e-7"',
  ])
    assert.deepEqual(clausesOf(detection), [], detection);
});

test('many rules make one statement that does not outgrow the engine, and no value is part of it', () => {
  const values: string[] = [];
  const bind = (value: string): string => `{p${values.push(value)}:String}`;
  const needs = Array.from({ length: 16 }, (_, rule) => ({
    clauses: Array.from({ length: 3 }, (_unused, clause) =>
      Array.from({ length: 20 }, (_none, at) => `word'${rule}-${clause}-${at}`),
    ),
  }));
  const sql = rowCondition(needs, 'body', bind) ?? '';
  assert.ok(sql.length < 64_000, `${sql.length} characters`);
  assert.ok(!sql.includes('x27'));
  assert.equal(values.length, 961);
  assert.equal(rowCondition([...needs, { clauses: [] }], 'body', bind), undefined);
  assert.equal(rowCondition([], 'body', bind), '0');
  assert.equal(rowCondition([{ clauses: [], isOwn: true }], 'body', bind), "NOT JSONHas(body, 'raw_data')");
});

test('every recorded event a rule of SigmaHQ was made for holds what the rule needs', (context) => {
  const root = join(reference, 'sigma-regression');
  if (!existsSync(root)) return context.skip(`the reference data ${root} is not there`);
  const mark = new RegExp(rewritten, 'u');
  let matches = 0;
  for (const info of globSync('**/info.yml', { cwd: root })) {
    const folder = join(root, dirname(info));
    const rules = globSync(`${dirname(info)}.yml`, { cwd: join(reference, 'sigma') }).flatMap(
      (file) => parseSigmaRules(readFileSync(join(reference, 'sigma', file), 'utf8'), { file }).rules,
    );
    const scan = createFullScan(rules);
    for (const file of globSync('*.json', { cwd: folder })) {
      for (const text of readFileSync(join(folder, file), 'utf8').split(/\n(?=\{)/)) {
        const record: JsonObject = JSON.parse(text);
        const stored = JSON.stringify({ raw_data: JSON.stringify(record) });
        for (const { rule } of scan.match(record)) {
          matches += 1;
          const { clauses } = rowNeedOf(rule);
          const holds = clauses.every((clause) => clause.some((word) => stored.toLowerCase().includes(word)));
          assert.ok(holds || mark.test(stored), `${rule.title}: ${JSON.stringify(clauses)}`);
        }
      }
    }
  }
  assert.ok(matches > 50, `${matches} matches`);
});
