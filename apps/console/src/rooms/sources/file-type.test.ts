import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileType } from './file-type.ts';

test('A file is sent as what its name says, also when it is compressed', () => {
  assert.deepEqual(fileType('Security.EVTX'), { contentType: 'application/x-evtx' });
  assert.deepEqual(fileType('trail.json.gz'), { contentType: 'application/json', contentEncoding: 'gzip' });
  assert.deepEqual(fileType('a.ndjson.zst'), { contentType: 'application/x-ndjson', contentEncoding: 'zstd' });
});

test('A name that says nothing, or says two things, is a file of lines', () => {
  for (const name of ['auth.log', 'messages', '', '.gz', 'x.json.bak', 'evtx'])
    assert.equal(fileType(name).contentType, 'text/plain');
});
