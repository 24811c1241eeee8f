import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  computeRoot,
  createEd25519Signer,
  formatCheckpoint,
  hashChildren,
  hashLeaf,
  parseTilePath,
  signNote,
} from '@sallyport/merkle-log';
import fc from 'fast-check';
import { whyNotOneHistory } from './checkpoint-history.ts';

const signer = createEd25519Signer({ name: 'log.example', privateKey: generateKeyPairSync('ed25519').privateKey });
const leaf = (text: string): Uint8Array => hashLeaf(Buffer.from(text));

/** A log of these entries: its checkpoint, and its tiles as a server would give them. */
function logOf(entries: readonly string[], origin = 'log.example') {
  const leaves = entries.map(leaf);
  const text = formatCheckpoint({ origin, treeSize: entries.length, root: computeRoot(leaves) });
  const checkpoint = signNote({ text, signers: [signer] });
  const readTile = async (path: string): Promise<Uint8Array> => {
    const tile = parseTilePath(path);
    assert.ok(tile.kind === 'hashes' && tile.level < 2, path);
    let hashes = leaves;
    for (let step = 0; step < (tile.level === 0 ? 0 : 8); step += 1)
      hashes = Array.from({ length: Math.floor(hashes.length / 2) }, (_, at) =>
        hashChildren(hashes[at * 2] ?? leaf(''), hashes[at * 2 + 1] ?? leaf('')),
      );
    return Buffer.concat(hashes.slice(tile.index * 256, tile.index * 256 + tile.width));
  };
  return { checkpoint, readTile };
}
const numbered = (count: number, word = 'entry'): string[] => Array.from({ length: count }, (_, at) => `${word} ${at}`);

test('a log that grew is one history, at any two sizes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(400), async (size, more) => {
      const now = logOf(numbered(size + more));
      assert.equal(await whyNotOneHistory(logOf(numbered(size)).checkpoint, now.checkpoint, now.readTile), undefined);
    }),
    { numRuns: 25 },
  );
});

test('one entry that is another, or one that is gone, is never one history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 500 }), fc.nat(300), fc.nat(), async (size, more, which) => {
      const changed = numbered(size + more).with(which % size, 'another');
      const now = logOf(changed);
      const why = await whyNotOneHistory(logOf(numbered(size)).checkpoint, now.checkpoint, now.readTile);
      assert.match(why ?? '', /are others|different roots/);
      const shorter = logOf(numbered(size - 1));
      if (size > 1)
        assert.match(
          (await whyNotOneHistory(logOf(numbered(size)).checkpoint, shorter.checkpoint, shorter.readTile)) ?? '',
          /it had/,
        );
    }),
    { numRuns: 25 },
  );
});

test('tiles of the old history do not cover up a new one, and a tile that cannot be had is no verdict', async () => {
  const kept = logOf(numbered(300));
  const forked = logOf([...numbered(200), ...numbered(200, 'other')]);
  const honest = logOf(numbered(400));
  assert.match(
    (await whyNotOneHistory(kept.checkpoint, forked.checkpoint, honest.readTile)) ?? '',
    /cannot show that it only grew/,
  );
  await assert.rejects(
    whyNotOneHistory(kept.checkpoint, honest.checkpoint, () => Promise.reject(new Error('gone'))),
    /gone/,
  );
  const elsewhere = logOf(numbered(400), 'other.example');
  assert.match((await whyNotOneHistory(kept.checkpoint, elsewhere.checkpoint, elsewhere.readTile)) ?? '', /is of log/);
});
