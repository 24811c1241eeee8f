import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSpool, type Missed } from './spool.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-spool-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const missed = (at: number): Missed => ({
  server: 's',
  kind: 'tool',
  name: `t${at}`,
  at_ms: at,
  input_digest: 'a'.repeat(64),
});
const written = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `${JSON.stringify(missed(from + at))}\n`).join('');

test('a server that goes away again and again is told each call once, and what another gateway left is told from its beginning', async () => {
  const file = join(directory, 'left');
  const spool = createSpool(file, { say: () => undefined });
  const told: string[] = [];
  let goodFor = 2;
  const take = (calls: readonly Missed[]): Promise<boolean> => {
    goodFor -= 1;
    if (goodFor >= 0) told.push(...calls.map(({ name }) => name));
    return Promise.resolve(goodFor >= 0);
  };
  for (let at = 0; at < 450; at += 1) spool.keep(missed(at));
  await spool.drain(take);
  assert.equal(told.length, 200);
  goodFor = 1;
  await spool.drain(take);
  assert.equal(told.length, 300);
  // A gateway of the same name sent the rest, and left others.
  writeFileSync(`${file}.sending`, written(1000, 1150));
  goodFor = 10;
  await spool.drain(take);
  assert.equal(new Set(told).size, told.length);
  assert.deepEqual([told.length, told[300], told.at(-1)], [450, 't1000', 't1149']);
  assert.deepEqual([existsSync(file), existsSync(`${file}.sending`)], [false, false]);
});
