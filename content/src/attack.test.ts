import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseSigmaRules } from '@sallyport/sigma-rules';
import { attackFrameworkOf, attackFrameworks } from './attack.ts';
import { loadBundledRules } from './index.ts';

const [attack, atlas] = attackFrameworks();

test('the tables hold as many tactics, techniques and sub-techniques as the releases they name', () => {
  const sizes = attackFrameworks().map(({ id, version, tactics, techniques }) => {
    const standing = techniques.filter(({ isWithdrawn }) => !isWithdrawn);
    const subs = standing.filter((technique) => /\.\d{3}$/.test(technique.id));
    return [id, version, tactics.length, standing.length - subs.length, subs.length];
  });
  assert.deepEqual(sizes, [
    ['attack', '19.2', 15, 222, 475],
    ['atlas', '2026.09', 16, 120, 88],
  ]);
  assert.equal(attack?.techniques.filter(({ isWithdrawn }) => isWithdrawn).length, 161);
});

test('what is widely known stands in the tables as it should', () => {
  const find = (id: string) =>
    [...(attack?.techniques ?? []), ...(atlas?.techniques ?? [])].find((one) => one.id === id);
  assert.equal(find('T1059.001')?.name, 'PowerShell');
  assert.deepEqual(find('T1003')?.tactics, ['credential-access']);
  assert.equal(find('T1562.001')?.successor, 'T1685', 'withdrawn when Defense Evasion was divided');
  assert.deepEqual(find('AML.T0051')?.name, 'LLM Prompt Injection');
  assert.deepEqual(find('AML.T0054')?.tactics, ['defense-evasion', 'privilege-escalation']);
});

test('every technique a bundled rule is tagged with is in a table, and still stands', async () => {
  const bundled = await loadBundledRules({
    listFiles: (directory) => readdir(directory, { recursive: true }),
    readText: (path) => readFile(path, 'utf8'),
  });
  const standing = new Set(
    attackFrameworks().flatMap(({ techniques }) => techniques.filter((one) => !one.isWithdrawn).map(({ id }) => id)),
  );
  let looked = 0;
  for (const { file, text } of bundled) {
    const { rules, correlations } = parseSigmaRules(text, { file });
    for (const tag of [...rules, ...correlations].flatMap(({ tags }) => tags)) {
      const [, space, name = ''] = /^(attack|atlas)\.(?:aml\.)?(t\d.*)$/i.exec(tag) ?? [];
      if (space === undefined) continue;
      looked += 1;
      const id = `${space === 'atlas' ? 'AML.' : ''}${name.toUpperCase()}`;
      assert.ok(standing.has(id), `${file}: ${tag} is in no table, or was withdrawn`);
    }
  }
  assert.ok(looked > 150, `${looked} tags looked at`);
});

test('a table that does not hold together is refused', () => {
  const table = {
    framework: 'attack',
    name: 'Little',
    version: '1',
    origin: '',
    licence: '',
    tactics: ['TA0001|entry|Entry'],
    techniques: ['T1001|Doors|entry', 'T1001.001|Front doors|entry', 'T1002|Gates|>T1001', 'T1003|Wells|-'],
  };
  assert.equal(attackFrameworkOf(table).techniques.length, 4);
  const faults: readonly (readonly [Partial<typeof table>, RegExp])[] = [
    [{ framework: 'other' }, /Unknown framework/],
    [{ version: '' }, /no version/],
    [{ techniques: ['T1001|Doors|entry', 'T1001|Doors|entry'] }, /twice/],
    [{ techniques: ['T1001|Doors|exit'] }, /tactic "exit"/],
    [{ techniques: ['T1001|Doors|'] }, /no tactic/],
    [{ techniques: ['T1001.001|Front doors|entry'] }, /no parent/],
    [{ techniques: ['T1001|Doors|-', 'T1001.001|Front doors|entry'] }, /no parent/],
    [{ techniques: ['T1002|Gates|>T1001'] }, /T1001, which is not there/],
    [{ techniques: ['AML.T0001|Doors|entry'] }, /no id of/],
  ];
  for (const [fault, message] of faults) assert.throws(() => attackFrameworkOf({ ...table, ...fault }), message);
});
