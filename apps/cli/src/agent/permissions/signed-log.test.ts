import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifySignedLine, weaknessOf } from './signed-log.ts';

const key = Buffer.from('4f2a91c07be3d65518aa20f9c4e7b3d1', 'hex');
const python = `
import base64, hashlib, hmac, json, sys
key = bytes.fromhex(sys.argv[1])
for at, manner in enumerate(['sorted', 'plain', 'compact', 'base64']):
    entry = {'time': 1700000000.5 if manner == 'plain' else 1700000000, 'tool': 'Bash', 'what': 'écrire "x"', 'n': {'b': 1, 'a': [True, None]}}
    options = {'sort_keys': True} if manner in ('sorted', 'base64') else {'sort_keys': True, 'separators': (',', ':')} if manner == 'compact' else {}
    mac = hmac.new(key, json.dumps(entry, **options).encode(), hashlib.sha256)
    entry['signature' if manner == 'base64' else 'hmac'] = base64.b64encode(mac.digest()).decode() if manner == 'base64' else mac.hexdigest()
    print(json.dumps(entry))
`;

test('what a program in Python signed is found to be signed, however it wrote it', () => {
  const { stdout, status, stderr } = spawnSync('python3', ['-c', python, key.toString('hex')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, 4);
  for (const line of lines) {
    assert.equal(verifySignedLine(line, key).kind, 'valid', line);
    assert.equal(verifySignedLine(line.replace('Bash', 'Read'), key).kind, 'invalid', line);
    assert.equal(verifySignedLine(line, Buffer.alloc(16, 7)).kind, 'invalid', line);
  }
});

test('an entry without a signature, or with one over something else, is none', () => {
  assert.equal(verifySignedLine('{"a":1}', key).kind, 'unsigned');
  assert.equal(verifySignedLine('{"a":1,"hmac":"zz"}', key).kind, 'unsigned');
  assert.equal(verifySignedLine('nothing', key).kind, 'unreadable');
  const mac = createHmac('sha256', key).update('{"a":1}').digest('hex');
  assert.equal(verifySignedLine(`{"a":1,"hmac":"${mac}"}`, key).kind, 'valid');
  assert.equal(verifySignedLine(`{"a":2,"hmac":"${mac}"}`, key).kind, 'invalid');
});

test('keys anybody could guess are told', () => {
  assert.match(weaknessOf(Buffer.from('short')) ?? '', /bytes/);
  assert.match(weaknessOf(Buffer.from('default-password-1')) ?? '', /word/);
  assert.match(weaknessOf(Buffer.alloc(32)) ?? '', /same/);
  assert.equal(weaknessOf(key), undefined);
});

test('whatever stands in a line, it is one of the four', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((value) => JSON.stringify(value)),
      ),
      (line) => {
        assert.notEqual(verifySignedLine(line, key).kind, 'valid');
      },
    ),
  );
});
