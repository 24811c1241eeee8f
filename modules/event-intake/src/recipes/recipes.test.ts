import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadBundledRecipes } from '@sallyport/content';
import { fillRecipe, recipeValues, stepsFor } from '@sallyport/content/fill-recipe';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { readRecipes } from './read-recipe.ts';

const files = await loadBundledRecipes({
  listFiles: (directory) => readdir(directory),
  readText: (path) => readFile(path, 'utf8'),
});

test('every recipe that comes with the program can be read, and filled there is nothing left open', () => {
  const recipes = readRecipes(files);
  assert.ok(recipes.length >= 15);
  const values = Object.fromEntries(recipeValues.map((name) => [name, 'x']));
  for (const recipe of recipes) {
    assert.doesNotMatch(fillRecipe(JSON.stringify(recipe), values), /\{\{/, recipe.id);
    const said = JSON.stringify(recipe);
    // Whoever needs a key or a listener is told where to put it.
    assert.match(said, recipe.needs === 'key' ? /\{\{key\}\}/ : /\{\{port\}\}/, recipe.id);
    if (said.includes('{{authority_file}}')) assert.match(said, /\{\{address\}\}\/v1\/authority\.pem/, recipe.id);
    if (recipe.listener === 'tls') assert.match(said, /\{\{authority_file\}\}/, recipe.id);
  }
});

test('the authority is fetched only where it is the server’s own, so the list of the system is never written over', () => {
  const system = '/etc/ssl/certs/ca-certificates.crt';
  for (const { id, steps } of readRecipes(files)) {
    assert.deepEqual(stepsFor(steps, 'own'), steps, id);
    for (const vouched of ['public', 'none'] as const) {
      const told = stepsFor(steps, vouched).map(({ text }) => fillRecipe(text, { authority_file: system }));
      assert.doesNotMatch(told.join('\n'), new RegExp(`(-o|>) ${system}`), id);
    }
    const plain = stepsFor(steps, 'none').map(({ text }) => text);
    if (id === 'curl') assert.doesNotMatch(plain.join('\n'), /authority/);
    assert.ok(plain.length > 0 || steps.length === 0, id);
  }
});

test('what is pasted into a file of YAML is YAML, also when filled', () => {
  const values = { host: 'h', port: '1', address: 'https://h:1', key: 'sp_x', authority_file: '/a.pem', source: 's' };
  const texts = readRecipes(files).flatMap(({ steps }) => steps.filter(({ language }) => language === 'yaml'));
  assert.ok(texts.length > 5);
  for (const { text } of texts) assert.deepEqual(parseDocument(fillRecipe(text, values)).errors, [], text);
});

test('a recipe that is not what it should be stops the start, with its file and what is wrong', () => {
  const [first] = files;
  assert.ok(first !== undefined);
  const faults: readonly (readonly [string, RegExp])[] = [
    [first.text.replace('{{host}}', '{{hostname}}'), /10-rsyslog\.yaml: nothing is known as \{\{hostname\}\}/],
    [first.text.replace('listener: tls\n', ''), /must say which/],
    [first.text.replace('sends: syslog', 'sends: pigeons'), /10-rsyslog\.yaml: \/sends/],
    [`${first.text}\nextra: 1\n`, /10-rsyslog\.yaml/],
    ['{', /10-rsyslog\.yaml/],
    ['a: &x [1]\nb: *x\n', /10-rsyslog\.yaml|alias/i],
  ];
  for (const [text, message] of faults)
    assert.throws(() => readRecipes([{ name: first.name, text }]), message, text.slice(0, 60));
  assert.throws(() => readRecipes([first, first]), /"rsyslog": its id is used twice/);
});

test('whatever a file of recipes holds, reading it ends with recipes or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      try {
        readRecipes([{ name: 'x.yaml', text }]);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }),
  );
});

test('values go in as they are, and only where their name stands', () => {
  assert.equal(fillRecipe('{{key}} {{ key }} {{host}}', { key: '$& {{host}}' }), '$& {{host}} {{ key }} {{host}}');
});
