import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { ruleText } from './detection.fixture.ts';
import { createRuleScanner } from './rule-scanner.ts';

const scanner = createRuleScanner([
  { file: 'own/certutil.yml', text: ruleText({ id: 'r-certutil' }) },
  { file: 'own/anything.yml', text: ruleText({ id: 'r-keyword', detection: 'selection:\n    - planted-word\n' }) },
]);

const bytes = (value: JsonValue): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const scan = (value: JsonValue) => scanner.scan(bytes(value));
const raw = JSON.stringify({ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: 'C:\\certutil.exe' });

function matchesOf(value: JsonValue): string[] {
  const outcome = scan(value);
  assert.equal(outcome.kind, 'scanned');
  return outcome.kind === 'scanned' ? outcome.matches.map(({ ruleId }) => ruleId) : [];
}

test('rules see the record that intake read out of a text, where its mapping says, and no record that a sender brings', () => {
  const linux = createRuleScanner([
    {
      file: 'own/sshd.yml',
      text: ruleText({ id: 'r-sshd', detection: 'selection:\n    event: ssh_failed\n' }).replace(
        /logsource:\n(?: +.*\n)+/,
        'logsource:\n  product: linux\n  service: sshd\n',
      ),
    },
  ]);
  const idsOf = (event: JsonValue): string[] => {
    const outcome = linux.scan(bytes(event));
    return outcome.kind === 'scanned' ? outcome.matches.map(({ ruleId }) => ruleId) : [];
  };
  const record = { program: 'x', event: 'ssh_failed' };
  const line = { class_uid: 3002, raw_data: '<38>sshd: Failed password' };
  const source = { product: 'linux', service: ['sshd'] };
  assert.deepEqual(idsOf({ ...line, unmapped: { record, sallyport: { log_source: source } } }), ['r-sshd']);
  const other = { product: 'linux', service: ['cron'] };
  assert.deepEqual(idsOf({ ...line, unmapped: { record, sallyport: { log_source: other } } }), []);
  assert.deepEqual(idsOf({ ...line, unmapped: { record } }), []);
});

test('rules look at the original, and host and user come from the OCSF event', () => {
  assert.deepEqual(
    scan({
      class_uid: 1007,
      raw_data: raw,
      device: { hostname: 'web-1' },
      actor: { user: { name: 'ada' } },
    }),
    {
      kind: 'scanned',
      matches: [{ ruleId: 'r-certutil', matched: [{ field: 'Image', value: 'C:\\certutil.exe' }] }],
      truncated: false,
      logSource: 'windows|process_creation|sysmon',
      generation: 0,
      source: '',
      host: 'web-1',
      user: 'ada',
    },
  );
});

test('rules look at the OCSF event when there is no original or it is no JSON object', () => {
  assert.deepEqual(matchesOf({ class_uid: 0, raw_data: 'line with a planted-word in it' }), ['r-keyword']);
  assert.deepEqual(matchesOf({ class_uid: 0, raw_data: '["planted-word"]' }), ['r-keyword']);
  assert.deepEqual(matchesOf({ class_uid: 3004, message: 'planted-word' }), ['r-keyword']);
});

test('findings of ours and what is derived three times are left alone', () => {
  assert.deepEqual(scan({ class_uid: 2004, message: 'planted-word' }), { kind: 'own' });
  assert.deepEqual(scan({ class_uid: 3004, unmapped: { sallyport: { generation: 3 } } }), { kind: 'own' });
});

test('a sender cannot pass by claiming to be a finding or derived', () => {
  const claims = { unmapped: { sallyport: { generation: 3 } }, raw_data: raw };
  assert.deepEqual(matchesOf({ class_uid: 2004, ...claims }), ['r-certutil']);
  assert.deepEqual(matchesOf({ class_uid: 1007, ...claims }), ['r-certutil']);
});

test('an event padded beyond what rules are shown is told', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`);
  const outcome = scan({ class_uid: 0, raw_data: JSON.stringify({ deep }) });
  assert.ok(outcome.kind === 'scanned' && outcome.truncated);
});

test('a second rule with an id, a reserved id, and an oversized one are refused by file and line', () => {
  const { rules, refusals } = createRuleScanner([
    { file: 'bundled/a.yml', text: ruleText({ id: 'r-1', title: 'First' }) },
    { file: 'own/b.yml', text: `\n${ruleText({ id: 'r-1', title: 'Second' })}` },
    { file: 'own/c.yml', text: ruleText({ id: 'sallyport-detection-skipped' }) },
    { file: 'own/d.yml', text: ruleText({ id: 'x'.repeat(300) }) },
    { file: 'own/e.yml', text: 'title: [unclosed' },
  ]);
  assert.deepEqual(
    rules.map(({ title, file }) => [title, file]),
    [['First', 'bundled/a.yml']],
  );
  assert.deepEqual(
    refusals.map(({ file }) => file),
    ['own/b.yml', 'own/c.yml', 'own/d.yml', 'own/e.yml'],
  );
  assert.match(refusals[0]?.reason ?? '', /"r-1" is taken by "bundled\/a.yml"/);
  assert.ok(refusals.every(({ line }) => line !== undefined && line >= 1));
});

test('level and ATT&CK references of a rule are carried', () => {
  const text = ruleText({ id: 'r-2', extra: 'tags:\n  - attack.execution\n  - attack.t1059.001\n  - attack.t1105\n' });
  const { rules } = createRuleScanner([{ file: 'own/a.yml', text: text.replace(/^level: .*$/m, '') }]);
  assert.equal(rules[0]?.level, 'medium');
  assert.deepEqual(rules[0]?.attacks, [
    { tactic: 'execution' },
    { technique: 'T1059', subTechnique: 'T1059.001' },
    { technique: 'T1105' },
  ]);
});

test('a byte order mark before the original hides nothing from rules', () => {
  assert.deepEqual(matchesOf({ class_uid: 0, raw_data: `\uFEFF${raw}` }), ['r-certutil']);
});

test('whole numbers past a double keep their digits, and neighbours stay apart', () => {
  const detection = 'selection:\n    id: 9007199254740993\n';
  const numbers = createRuleScanner([
    { file: 'own/number.yml', text: ruleText({ id: 'r-number', detection }) },
    { file: 'own/digits.yml', text: ruleText({ id: 'r-digits', detection: "selection:\n    id|endswith: '0993'\n" }) },
  ]);
  const matched = (original: string): string[] => {
    const outcome = numbers.scan(bytes({ class_uid: 0, raw_data: original }));
    return outcome.kind === 'scanned' ? outcome.matches.map(({ ruleId }) => ruleId) : [outcome.kind];
  };
  assert.deepEqual(matched('{"id":9007199254740993}'), ['r-digits', 'r-number']);
  assert.deepEqual(matched('{"id":"9007199254740993"}'), ['r-digits', 'r-number']);
  assert.deepEqual(matched('{"id":9007199254740992}'), []);
  assert.deepEqual(matched('{"a":[1,9007199254740992],"id":-9007199254740993,"x":1e300}'), ['r-digits']);
});

test('scan() never throws for any bytes or any JSON', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (body) => void scanner.scan(body)));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (event, original) => {
      const value: JsonValue = JSON.parse(JSON.stringify(event));
      scan(value);
      scan({ class_uid: 0, raw_data: JSON.stringify(original), device: value, actor: value });
    }),
  );
  assert.equal(scanner.scan(new TextEncoder().encode('"text"')).kind, 'unscannable');
});
