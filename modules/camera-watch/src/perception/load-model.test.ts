import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadModel } from './load-model.ts';
import type { ModelEntry } from './model-registry.ts';

function entryOf(id: string, preference: number): ModelEntry {
  return {
    id,
    preference,
    engine: 'onnx-yolox',
    side: 416,
    leastScore: 0.3,
    files: [{ name: `${id}.onnx`, bytes: 1, sha256: '0'.repeat(64) }],
    licence: 'test',
    origin: 'test',
    labels: [],
    groupOf: new Map(),
  };
}

test('loadModel() passes over files it may not read, and says of every model why it is not used', async () => {
  const asked: string[] = [];
  const { model, reason } = await loadModel({
    entries: [entryOf('second', 2), entryOf('first', 1)],
    directories: ['/models'],
    readFile(path) {
      asked.push(path);
      if (path.includes('first')) throw new Error('EACCES: permission denied');
      return undefined;
    },
  });
  assert.deepEqual(asked, ['/models/first.onnx', '/models/second.onnx']);
  assert.equal(model, undefined);
  assert.match(reason ?? '', /^first: EACCES.*; second is not here$/);
});
