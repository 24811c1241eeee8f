import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { signNote } from '@sallyport/merkle-log';
import { RulePackError } from './errors.ts';
import { buildPack, readPack, verifyPack } from './pack-file.ts';
import { formatManifest, readManifest } from './pack-manifest.ts';
import { objectionToPath } from './pack-path.ts';
import { packOf, publisher, ruleText, stranger } from './packs.fixture.ts';
import { createSigningKey, readSigningKey } from './signing-key.ts';

const files = { 'rules/a.yml': ruleText('a', 'one'), 'rules/b.yml': ruleText('b', 'two'), LICENSE: 'DRL 1.1\n' };
const keys = [publisher.verifierKey];

const refusedAs =
  (code: string, message?: RegExp) =>
  (error: unknown): boolean =>
    error instanceof RulePackError && error.code === code && (message?.test(error.message) ?? true);

const isRefused = (pack: Uint8Array): boolean => {
  try {
    verifyPack(readPack(pack), keys);
    return false;
  } catch (error) {
    assert.ok(error instanceof RulePackError, String(error));
    return true;
  }
};

/** A pack with any index and contents, signed as it stands. */
function signedWith(lines: readonly string[], contents: string, more: { count?: number; tail?: string } = {}): Buffer {
  const index = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const text = formatManifest({
    name: 'sigmahq',
    version: 'r1',
    createdMs: 0,
    licence: 'MIT',
    source: 'a test',
    files: more.count ?? lines.length,
    indexBytes: index.byteLength,
    indexSha256: createHash('sha256').update(index).digest('hex'),
  });
  return Buffer.concat([Buffer.from(`${signNote({ text, signers: [publisher] })}\n`), index, Buffer.from(contents)]);
}

const line = (path: string, content: string, size = content.length): string =>
  `${createHash('sha256').update(content).digest('hex')} ${size} ${path}`;

test('the same input makes the same pack, to the byte, in whatever order its files come', () => {
  const turned = Object.fromEntries(Object.entries(files).toReversed());
  assert.deepEqual(packOf(files), packOf(turned));
  const sha256 = createHash('sha256').update(packOf(files)).digest('hex');
  assert.equal(sha256, 'af4666c236fdaf62679b329054da25a089e502243d84dc5560868637c22504f4');
});

test('a pack gives back what it was made of, and names who signed it', () => {
  const pack = readPack(packOf(files));
  assert.deepEqual(
    pack.files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]),
    Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  assert.deepEqual(
    { name: pack.manifest.name, version: pack.manifest.version, createdMs: pack.manifest.createdMs },
    { name: 'sigmahq', version: 'r1', createdMs: Date.UTC(2026, 0, 1) },
  );
  assert.equal(verifyPack(pack, [stranger.verifierKey, publisher.verifierKey]), publisher.verifierKey);
});

test('a pack of an unknown key, or of another key under the same name, is refused with what to do', () => {
  const pack = readPack(packOf(files, { signer: stranger }));
  for (const known of [[], keys])
    assert.throws(
      () => verifyPack(pack, known),
      (error) =>
        refusedAs('pack_unsigned', /No signature is of a known key/)(error) &&
        error instanceof RulePackError &&
        (error.hint ?? '').includes('trust'),
    );
});

test('no byte of a pack can be changed, left out or added', () => {
  const pack = packOf(files);
  assert.equal(isRefused(pack), false);
  fc.assert(
    fc.property(fc.nat(pack.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(pack);
      changed[at] = (changed[at] ?? 0) ^ flip;
      return isRefused(changed);
    }),
    { numRuns: 600 },
  );
  fc.assert(
    fc.property(fc.nat(pack.byteLength), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, more) =>
      isRefused(Buffer.concat([pack.subarray(0, at), more, pack.subarray(at)])),
    ),
    { numRuns: 200 },
  );
  for (let length = 0; length < pack.byteLength; length += 7) assert.ok(isRefused(pack.subarray(0, length)));
});

test('whatever bytes come, they are refused as no pack', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, headed) => {
      const given = headed ? Buffer.concat([Buffer.from('sallyport-rule-pack/v1\n'), bytes]) : bytes;
      assert.throws(() => readPack(given), refusedAs('pack_invalid'));
    }),
  );
});

test('a signer cannot make a pack whose names lead out, collide or hide, whose sizes lie, or that has more in it than it says', () => {
  const content = 'title: x\n';
  const sound = signedWith([line('a.yml', content)], content);
  assert.equal(isRefused(sound), false);
  const hostile: [string, Buffer][] = [
    ['out of order', signedWith([line('b.yml', content), line('a.yml', content)], content + content)],
    ['twice', signedWith([line('a.yml', content), line('a.yml', content)], content + content)],
    ['upper and lower case', signedWith([line('A.yml', content), line('a.yml', content)], content + content)],
    ['more files than lines', signedWith([line('a.yml', content)], content, { count: 2 })],
    ['bytes behind', signedWith([line('a.yml', content)], `${content}more`)],
    ['too short', signedWith([line('a.yml', content)], content.slice(1))],
    ['a size that lies', signedWith([line('a.yml', content, content.length + 1)], `${content} `)],
    ['a huge size', signedWith([line('a.yml', content, 999_999_999)], content)],
    ['a size with a leading zero', signedWith([line('a.yml', content).replace(' 9 ', ' 09 ')], content)],
    ...[
      '../a.yml',
      '/a.yml',
      'a/../b.yml',
      'C:a.yml',
      'a\\b.yml',
      './a.yml',
      'a//b.yml',
      '.git/a.yml',
      'con.yml',
      'a./b.yml',
      'a.yml ',
      'ä.yml',
      'a\u202eb.yml',
      `${'a'.repeat(401)}.yml`,
    ].map((path): [string, Buffer] => [path, signedWith([line(path, content)], content)]),
  ];
  for (const [name, pack] of hostile) assert.ok(isRefused(pack), name);
});

test('a second signature is refused: it would be bytes that nobody checks', () => {
  const { note } = readPack(packOf(files));
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const twice = signNote({ text, signers: [publisher, stranger] });
  const pack = Buffer.concat([Buffer.from(twice), packOf(files).subarray(Buffer.byteLength(note))]);
  assert.throws(() => readPack(pack), refusedAs('pack_invalid', /2 signatures/));
});

test('a manifest reads back as it was written, and what cannot is refused when it is made', () => {
  const word = fc.constantFrom('a', 'sigmahq-core', 'r2026', 'R1', '-', '');
  const made = fc.record({
    name: word,
    version: word,
    createdMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
    licence: fc.string({ minLength: 1, maxLength: 40 }),
    source: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
    files: fc.integer({ min: 1, max: 20_000 }),
    indexBytes: fc.integer({ min: 1, max: 1000 }),
    indexSha256: fc.constant('ab'.repeat(32)),
  });
  fc.assert(
    fc.property(made, (manifest) => {
      let text: string;
      try {
        text = formatManifest(manifest);
      } catch (error) {
        assert.ok(error instanceof RulePackError);
        return;
      }
      assert.deepEqual(readManifest(text), { ...manifest });
    }),
  );
});

test('no path that is let in leads anywhere but down', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('.', '..', '/', '\\', 'a', ':', ' ', 'b.yml', '\u0000'), { maxLength: 8 }),
      (parts) => {
        const path = parts.join('');
        if (objectionToPath(path) !== undefined) return;
        assert.ok(!path.split('/').includes('..') && !/^[/\\]|[\\:\u0000]/.test(path), path);
      },
    ),
  );
});

test('a signing key reads back; one whose parts do not belong together is refused, and nothing of it is told', () => {
  const { text, signer } = createSigningKey('example.com/rules', new Uint8Array(32).fill(3));
  const pack = packOf(files, { signer: readSigningKey(text) });
  assert.equal(verifyPack(readPack(pack), [signer.verifierKey]), signer.verifierKey);
  const secret = text.trim().split('+').at(-1) ?? '';
  for (const wrong of ['', 'PRIVATE+KEY+a+00000000+AAAA', text.replace('example', 'other'), text.slice(0, -6)])
    assert.throws(
      () => readSigningKey(wrong),
      (error) => refusedAs('pack_key_invalid')(error) && !String(error).includes(secret.slice(0, 12)),
    );
});

test('a pack cannot be made of what it could not be read from', () => {
  const manifest = { name: 'sigmahq', version: 'r1', createdMs: 0, licence: 'MIT', source: 'a test' };
  const bytes = Buffer.from('x');
  for (const path of ['../a.yml', 'a b\n.yml'])
    assert.throws(
      () => buildPack({ manifest, files: [{ path, bytes }], signer: publisher }),
      refusedAs('pack_invalid'),
    );
  assert.throws(
    () => buildPack({ manifest: { ...manifest, name: 'A' }, files: [{ path: 'a.yml', bytes }], signer: publisher }),
    refusedAs('pack_invalid'),
  );
  assert.throws(() => buildPack({ manifest, files: [], signer: publisher }), refusedAs('pack_invalid'));
});
