// The witness as it is started, on a real disk that is full: it cosigns nothing that it could not store.
import {
  createEd25519Signer,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  hashChildren,
  hashLeaf,
  signNote,
} from '@sallyport/merkle-log';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { mountTemporaryDisk } from './temporary-disk.ts';

const program = resolve(import.meta.dirname, '../../apps/witness/src/main.ts');
const origin = 'log.example/disk';
const leaves = ['one', 'two', 'three'].map((entry) => hashLeaf(Buffer.from(entry)));
const signer = createEd25519Signer({ name: origin, privateKey: generateKeyPairSync('ed25519').privateKey });

/** Of the first one, two or three entries; the proofs of so small trees are plain to see. */
function request(oldSize: 0 | 1 | 2, treeSize: 1 | 2 | 3): string {
  const [one, two, three] = leaves;
  assert(one !== undefined && two !== undefined && three !== undefined);
  const root =
    treeSize === 1 ? one : treeSize === 2 ? hashChildren(one, two) : hashChildren(hashChildren(one, two), three);
  const proof =
    oldSize === 0 || oldSize === treeSize ? [] : [...(oldSize === 1 ? [two] : []), ...(treeSize === 3 ? [three] : [])];
  const checkpoint = signNote({ text: formatCheckpoint({ origin, treeSize, root }), signers: [signer] });
  return formatAddCheckpoint({ oldSize, proof, checkpoint });
}

test('on a full disk a witness cosigns nothing, knows what it has cosigned, and goes on when there is room', async (t) => {
  const disk = mountTemporaryDisk(4);
  if ('refused' in disk) return t.skip(disk.refused);
  t.after(() => disk.remove());
  const state = ['--state', join(disk.directory, 'state')];
  for (const args of [
    ['init', '--name', 'witness.example/w1'],
    ['logs', 'add', formatVerifierKey(signer.verifierKey)],
  ]) {
    const ran = spawnSync(process.execPath, [program, ...args, ...state], { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
  }
  const witness = spawn(process.execPath, [program, 'serve', '--listen', '127.0.0.1:0', ...state], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(witness, 'exit');
  try {
    const [line] = await once(createInterface({ input: witness.stdout }), 'line');
    const url = String(line).replace('listening ', '');
    const ask = async (body: string): Promise<[number, string]> => {
      const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
      return [response.status, await response.text()];
    };
    assert.equal((await ask(request(0, 1)))[0], 200);
    disk.fillTo(0);
    const [full, said] = await ask(request(1, 2));
    assert.deepEqual([full, said.includes('—')], [503, false]);
    assert.deepEqual(await ask(request(0, 2)), [409, '1\n'], 'it still knows what it cosigned');
    disk.clear();
    assert.equal((await ask(request(1, 2)))[0], 200);
    assert.equal((await ask(request(2, 3)))[0], 200);
  } finally {
    witness.kill('SIGKILL');
    await ended;
  }
});
