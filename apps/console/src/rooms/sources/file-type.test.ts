import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileType, whyNotSent } from './file-type.ts';

test('A file is sent as what its name says, also when it is compressed', () => {
  assert.deepEqual(fileType('Security.EVTX'), { contentType: 'application/x-evtx' });
  assert.deepEqual(fileType('trail.json.gz'), { contentType: 'application/json', contentEncoding: 'gzip' });
  assert.deepEqual(fileType('a.ndjson.zst'), { contentType: 'application/x-ndjson', contentEncoding: 'zstd' });
});

test('A name that says nothing, or says two things, is a file of lines', () => {
  for (const name of ['auth.log', 'messages', '', '.gz', 'x.json.bak', 'evtx'])
    assert.equal(fileType(name).contentType, 'text/plain');
});

test('A zip, and what is no text at all, is not recorded as lines; logs of any encoding are', () => {
  const bytes = (text: string, encoding: BufferEncoding = 'utf8'): Uint8Array => Buffer.from(text, encoding);
  assert.match(whyNotSent(bytes('PK\u0003\u0004rest')) ?? '', /sallyport send/);
  assert.match(whyNotSent(bytes('\u007fELF\u0002\u0001\0\0')) ?? '', /neither text/);
  assert.match(whyNotSent(Uint8Array.from({ length: 4096 }, (_, at) => ((at * 7919) % 255) + 1)) ?? '', /neither text/);
  const texts = ['', 'Nov 22 sshd: grüße 🙂', '\u001b[31mred\u001b[0m', '{"a":1}'];
  for (const text of texts) assert.equal(whyNotSent(bytes(text)), undefined, text);
  assert.equal(whyNotSent(bytes('Grüße aus Köln, user=müller', 'latin1')), undefined);
  // "Ошибка входа" in the code page of Windows for Cyrillic.
  assert.equal(whyNotSent(Buffer.from('cef8e8e1eae020e2f5eee4e0', 'hex')), undefined);
  assert.equal(whyNotSent(bytes('\ufeff<Event/>', 'utf16le')), undefined);
  assert.equal(whyNotSent(bytes('ElfFile\0\0\0')), undefined);
  for (const mark of ['1f8b0800', '28b52ffd00']) assert.equal(whyNotSent(Buffer.from(mark, 'hex')), undefined);
});

test('No text is refused, wherever its beginning is cut', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\t\n -~äöü🙂]{10,80}$/u), fc.nat(80), (text, at) => {
      const head = Buffer.from(text.repeat(3)).subarray(0, 10 + at);
      assert.equal(whyNotSent(head), undefined);
    }),
  );
});
