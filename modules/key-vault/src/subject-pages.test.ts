import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import type { VaultFiles } from './needs.ts';
import { createSubjectPages } from './subject-pages.ts';
import { systemVaultFiles } from './vault-files.ts';
import { openAt, place, vaultNeeds } from './vault-testing.ts';

const subject = (number: number): string => number.toString(16).padStart(32, '0');
const subjects = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => subject(from + at));

test('a key handed out opens again from either copy alone, and both are whole afterwards', async (context) => {
  const at = place(context);
  const made = createSubjectPages(await openAt(at), vaultNeeds(at)).make(subjects(1, 3));
  const [page = ''] = made.map((key) => key.page);
  for (const lost of at.directories) {
    rmSync(join(lost, 'subject-pages', `${page}.rows`));
    const again = createSubjectPages(await openAt(at), vaultNeeds(at));
    assert.deepEqual(again.open(made), made);
    assert.deepEqual(
      again.rows(page).map((row) => row.subjectId),
      subjects(1, 3),
    );
    assert.equal(readdirSync(join(lost, 'subject-pages')).includes(`${page}.rows`), true);
  }
});

test('a row changed in one copy is read from the other, and one changed in both is refused', async (context) => {
  const at = place(context);
  const made = createSubjectPages(await openAt(at), vaultNeeds(at)).make(subjects(1, 2));
  const damage = (directory: string): void => {
    const file = join(directory, 'subject-pages', `${made[0]?.page}.rows`);
    const bytes = readFileSync(file);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };
  damage(at.directories[0]);
  assert.deepEqual(createSubjectPages(await openAt(at), vaultNeeds(at)).open(made), made);
  damage(at.directories[0]);
  damage(at.directories[1]);
  const broken = createSubjectPages(await openAt(at), vaultNeeds(at));
  assert.throws(() => broken.open(made), { code: 'unseal_failed' });
});

test('a random source that repeats gives different subjects different keys', async (context) => {
  const at = place(context);
  const needs = vaultNeeds(at, { random: (bytes) => Buffer.alloc(bytes, 7) });
  const [first, second] = createSubjectPages(await openAt(at), needs).make(subjects(1, 2));
  assert.notDeepEqual(first?.bytes, second?.bytes);
  assert.notEqual(first?.keyId, second?.keyId);
});

test('destroying the pages of a separation takes the separated keys and no others, whatever else was separated before', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const destroyed = new Set<string>();
  const pages = createSubjectPages(
    {
      ...vault,
      findKey: (id) => (destroyed.has(id) ? undefined : vault.findKey(id)),
      isDestroyed: (id) => destroyed.has(id),
      listKeys: () => vault.listKeys().filter(({ id }) => !destroyed.has(id)),
    },
    vaultNeeds(at),
  );
  const made = pages.make(subjects(1, 700));
  const [ada, grace, ...others] = made.map(({ keyId }) => keyId);
  assert.ok(ada !== undefined && grace !== undefined);
  const first = pages.separate(new Set([ada]));
  const second = pages.separate(new Set([grace]));
  const isThere = (keyId: string): boolean => pages.open([{ keyId, page: '' }])[0]?.bytes !== undefined;
  // Only the second is carried out: the first may still be called off.
  for (const id of second.pages) destroyed.add(id);
  assert.deepEqual([isThere(grace), isThere(ada)], [false, true]);
  assert.equal(
    pages.open(others.map((keyId) => ({ keyId, page: '' }))).every((key) => key.bytes !== undefined),
    true,
  );
  for (const id of first.pages) destroyed.add(id);
  assert.equal(isThere(ada), false);
  assert.equal(
    pages.open(others.map((keyId) => ({ keyId, page: '' }))).every((key) => key.bytes !== undefined),
    true,
  );
  pages.sweep();
  const left = readdirSync(join(at.directories[0], 'subject-pages')).map((name) => name.split('.')[0] ?? '');
  assert.deepEqual(
    left.filter((id) => destroyed.has(id)),
    [],
  );
  // A new subject does not land on a page that is to go.
  const [late] = pages.make([subject(9000)]);
  assert.equal(destroyed.has(late?.page ?? ''), false);
});

test('a disk that fails between the copies hands out nothing, and the page goes on', async (context) => {
  const at = place(context);
  let failing = '';
  const broken: unknown[] = [];
  const files: VaultFiles = {
    ...systemVaultFiles,
    write(path, bytes) {
      if (failing !== '' && path.startsWith(join(at.directories[1], 'subject-pages')))
        throw new CodedError(failing, 'planted');
      systemVaultFiles.write(path, bytes);
    },
  };
  const needs = vaultNeeds(at, { files, broken: (error) => broken.push(error) });
  const vault = await openAt(at);
  const pages = createSubjectPages(vault, needs);
  const [first] = pages.make([subject(1)]);
  failing = 'ENOSPC';
  assert.throws(() => pages.make([subject(2)]), { code: 'disk_low' });
  failing = '';
  const [third] = pages.make([subject(3)]);
  assert.ok(first !== undefined && third !== undefined);
  assert.deepEqual(createSubjectPages(vault, needs).open([first, third]), [first, third]);
  assert.equal(broken.length, 0);
  failing = 'EIO';
  assert.throws(() => pages.make([subject(4)]), { code: 'EIO' });
  assert.equal(broken.length, 1);
});

test('a page that is in neither copy is lost, not empty: nothing is said of it, added to it or erased with it', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  const needs = vaultNeeds(at);
  const [first, second] = createSubjectPages(vault, needs).make(subjects(1, 2));
  assert.ok(first !== undefined && second !== undefined);
  const files = at.directories.map((directory) => join(directory, 'subject-pages', `${first.page}.rows`));
  const kept = readFileSync(files[0] ?? '');
  for (const file of files) rmSync(file);

  const pages = createSubjectPages(await openAt(at), needs);
  assert.deepEqual(pages.lost(), [first.page]);
  assert.deepEqual(pages.open([first])[0], { keyId: first.keyId, page: first.page, bytes: undefined, isLost: true });
  assert.equal(pages.open([{ keyId: 'ff'.repeat(16), page: '' }])[0]?.isLost, true, 'who knows what lay there');
  assert.throws(() => pages.rows(first.page), /it is in neither copy/);
  assert.throws(() => pages.separate(new Set([first.keyId])), { code: 'vault_damaged' });
  const [third] = pages.make([subject(3)]);
  assert.ok(third !== undefined && third.page !== first.page, 'nothing is written where rows were');
  for (const file of files) assert.equal(existsSync(file), false);

  writeFileSync(files[1] ?? '', kept);
  const again = createSubjectPages(await openAt(at), needs);
  assert.deepEqual(again.lost(), []);
  assert.deepEqual(again.open([first, second, third]), [first, second, third]);
});

test('a page whose making was cut off is none that was lost', async (context) => {
  const at = place(context);
  const vault = await openAt(at);
  for (const cut of ['before its rows', 'after its rows']) {
    const killed = { ...vault, changeState: () => assert.fail(cut) };
    const files: VaultFiles =
      cut === 'before its rows' ? { ...systemVaultFiles, write: () => assert.fail(cut) } : systemVaultFiles;
    const ending = createSubjectPages(killed, vaultNeeds(at, { files, broken: () => undefined }));
    assert.throws(() => ending.make([subject(1)]), { message: cut });
  }
  const pages = createSubjectPages(await openAt(at), vaultNeeds(at));
  assert.deepEqual(pages.lost(), []);
  const made = pages.make(subjects(1, 2));
  assert.deepEqual(createSubjectPages(await openAt(at), vaultNeeds(at)).open(made), made);
});

test('somebody kept alone lies on no page that others come to, whoever comes later can be erased', async (context) => {
  const at = place(context);
  const pages = createSubjectPages(await openAt(at), vaultNeeds(at));
  const [ada] = pages.make([subject(1)]);
  assert.ok(ada !== undefined);
  const held = pages.setApart(new Set([ada.keyId])).map(({ page }) => page);
  const [grace] = pages.make([subject(2)]);
  assert.ok(grace !== undefined);
  const { pages: going } = pages.separate(new Set([grace.keyId]));
  assert.equal(
    held.some((page) => going.includes(page)),
    false,
  );
  assert.deepEqual(
    pages.setApart(new Set([ada.keyId])).map(({ page }) => page),
    held,
    'kept already',
  );
});
