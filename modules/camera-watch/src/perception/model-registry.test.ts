import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadModel } from './load-model.ts';
import { findModelFiles, parseModelEntry } from './model-registry.ts';

const content = Buffer.from('weights');
const entry = {
  id: 'test-model',
  preference: 1,
  engine: 'onnx-yolox',
  side: 416,
  least_score: 0.35,
  files: [
    { name: 'some/model.onnx', bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') },
  ],
  licence: 'Apache-2.0',
  origin: 'here',
  labels: ['person', null, 'knife'],
  groups: { person: ['person'], weapon_class: ['knife'] },
};

test('parseModelEntry() reads gaps in labels and what each label stands for', () => {
  const parsed = parseModelEntry(JSON.stringify(entry));
  assert.deepEqual(parsed.labels, ['person', undefined, 'knife']);
  assert.equal(parsed.groupOf.get('knife'), 'weapon_class');
});

test('parseModelEntry() refuses a file name that leads elsewhere, and whatever is no entry', () => {
  for (const name of ['../model.onnx', '/etc/passwd', 'a/b/c', '.hidden', 'a\\b']) {
    const files = [{ ...entry.files[0], name }];
    assert.throws(() => parseModelEntry(JSON.stringify({ ...entry, files })), { code: 'model_entry_invalid' }, name);
  }
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.throws(() => parseModelEntry(JSON.stringify(value)), { code: 'model_entry_invalid' });
    }),
  );
});

test('findModelFiles() takes the first directory whose files fit their hashes, and no others', () => {
  const parsed = parseModelEntry(JSON.stringify(entry));
  const disk = new Map([
    ['/bad/some/model.onnx', Buffer.from('Weights')],
    ['/good/some/model.onnx', content],
  ]);
  const find = (directories: readonly string[]) => findModelFiles(parsed, directories, (path) => disk.get(path));
  assert.deepEqual([...(find(['/none', '/bad', '/good']) ?? [])], [['some/model.onnx', content]]);
  assert.equal(find(['/bad']), undefined);
});

test('loadModel() says why there is no model: no file, or a file that is no model', async () => {
  const entries = [parseModelEntry(JSON.stringify(entry))];
  const nothing = await loadModel({ entries, directories: ['/none'], readFile: () => undefined });
  assert.equal(nothing.model, undefined);
  assert.equal(nothing.reason, 'test-model is not here');
  const other = await loadModel({ entries, directories: ['/bad'], readFile: () => Buffer.from('Weights') });
  assert.equal(other.reason, 'test-model is here with other files than those of the registry');
  const garbage = await loadModel({ entries, directories: ['/good'], readFile: () => content });
  assert.equal(garbage.model, undefined);
  assert.match(garbage.reason ?? '', /^test-model: /);
});
