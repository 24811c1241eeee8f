// The vectors of transparency-dev/merkle: 518 claims, of which 36 are true.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyConsistency, verifyInclusion, verifySubtreeConsistency, verifySubtreeInclusion } from './index.ts';
import type { Verification } from './index.ts';
import { sharedData } from './testing/recorded-vectors.ts';

const { directory, skip } = sharedData('merkle', 'testdata');

type Vector = {
  numbers: ReadonlyMap<string, number>;
  bytes: ReadonlyMap<string, Uint8Array>;
  proof: Uint8Array[];
  wantErr: boolean;
};

function readVector(file: string): Vector {
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  assert(typeof json === 'object' && json !== null, file);
  const numbers = new Map<string, number>();
  const bytes = new Map<string, Uint8Array>();
  let proof: Uint8Array[] = [];
  let wantErr: boolean | undefined;
  for (const [name, value] of Object.entries<unknown>({ ...json })) {
    if (typeof value === 'number') numbers.set(name, value);
    else if (name === 'wantErr') wantErr = value === true;
    else if (Array.isArray(value)) proof = value.map((hash: unknown) => decode(hash));
    else if (typeof value === 'string' && name !== 'desc') bytes.set(name, decode(value));
  }
  assert(wantErr !== undefined, `${file} says what it wants`);
  return { numbers, bytes, proof, wantErr };
}

function decode(value: unknown): Uint8Array {
  assert(typeof value === 'string');
  return Buffer.from(value, 'base64');
}

function verifyAll(
  folder: string,
  verify: (number: (name: string) => number, bytes: (name: string) => Uint8Array, proof: Uint8Array[]) => Verification,
): { claims: number; upheld: number } {
  const files = globSync(`${folder}/**/*.json`, { cwd: directory });
  let upheld = 0;
  for (const file of files) {
    const { numbers, bytes, proof, wantErr } = readVector(join(directory, file));
    const number = (name: string): number => {
      const value = numbers.get(name);
      assert(value !== undefined, `${file} has ${name}`);
      return value;
    };
    const result = verify(number, (name) => bytes.get(name) ?? new Uint8Array(), proof);
    assert.equal(result.ok, !wantErr, `${file}: ${JSON.stringify(result)}`);
    if (result.ok) upheld += 1;
  }
  return { claims: files.length, upheld };
}

test('verifyInclusion() judges the 98 published inclusion claims as published', { skip }, () => {
  const seen = verifyAll('inclusion', (number, bytes, proof) =>
    verifyInclusion({
      index: number('leafIdx'),
      treeSize: number('treeSize'),
      leafHash: bytes('leafHash'),
      root: bytes('root'),
      proof,
    }),
  );
  assert.deepEqual(seen, { claims: 98, upheld: 6 });
});

test('verifyConsistency() judges the 98 published consistency claims as published', { skip }, () => {
  const seen = verifyAll('consistency', (number, bytes, proof) =>
    verifyConsistency({
      oldSize: number('size1'),
      newSize: number('size2'),
      oldRoot: bytes('root1'),
      newRoot: bytes('root2'),
      proof,
    }),
  );
  assert.deepEqual(seen, { claims: 98, upheld: 6 });
});

test('verifySubtreeInclusion() judges the 204 published subtree inclusion claims as published', { skip }, () => {
  const seen = verifyAll('subtreeinclusion', (number, bytes, proof) =>
    verifySubtreeInclusion({
      index: number('leafIdx'),
      start: number('start'),
      end: number('end'),
      leafHash: bytes('leafHash'),
      root: bytes('root'),
      proof,
    }),
  );
  assert.deepEqual(seen, { claims: 204, upheld: 12 });
});

test('verifySubtreeConsistency() judges the 118 published subtree consistency claims as published', { skip }, () => {
  const seen = verifyAll('subtreeconsistency', (number, bytes, proof) =>
    verifySubtreeConsistency({
      start: number('start'),
      end: number('end'),
      treeSize: number('size'),
      subtreeRoot: bytes('root1'),
      root: bytes('root2'),
      proof,
    }),
  );
  assert.deepEqual(seen, { claims: 118, upheld: 12 });
});
