import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createHashLists, parseHashLine, sortedHashes } from './hash-lists.ts';

const hosts: { end(): void }[] = [];
after(() => hosts.forEach((host) => host.end()));
const hashOf = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');
const hashesOf = (text: string) => ({
  sha256: hashOf('sha256', text),
  sha1: hashOf('sha1', text),
  md5: hashOf('md5', text),
});

function setUp(paths = ['/lists']) {
  const host = createTemporaryHost();
  hosts.push(host);
  return { host, lists: createHashLists(host.files, paths) };
}

test('lists of SHA-256, SHA-1 and MD5 in the forms that tools write are found in', () => {
  const { host, lists } = setUp();
  host.write(
    '/lists/mixed.txt',
    [
      '# known bad',
      '',
      `${hashOf('sha256', 'one').toUpperCase()}  one.bin`,
      `"${hashOf('sha1', 'two')}","two"`,
      `${hashOf('md5', 'three')};remark`,
    ].join('\r\n'),
  );
  assert.ok(lists.refresh());
  assert.equal(lists.count(), 3);
  assert.deepEqual([...lists.algorithms()].toSorted(), ['md5', 'sha1', 'sha256']);
  for (const [text, algorithm] of [
    ['one', 'sha256'],
    ['two', 'sha1'],
    ['three', 'md5'],
  ] as const)
    assert.deepEqual(lists.find(hashesOf(text)), {
      algorithm,
      value: hashOf(algorithm, text),
      list: '/lists/mixed.txt',
    });
  assert.equal(lists.find(hashesOf('four')), undefined);
  assert.equal(lists.problem(), undefined);
  assert.ok(!lists.refresh());
});

test('a list that changes counts anew; one that is gone is told and what it listed stays', () => {
  const { host, lists } = setUp(['/lists/a.txt']);
  host.write('/lists/a.txt', `${hashOf('sha256', 'one')}\n`);
  lists.refresh();
  const before = lists.stamp();
  host.write('/lists/a.txt', `${hashOf('sha256', 'two')}\n${hashOf('sha256', 'one')}\n`);
  assert.ok(lists.refresh());
  assert.notEqual(lists.stamp(), before);
  assert.ok(lists.find(hashesOf('two')) !== undefined);
  host.remove('/lists/a.txt');
  lists.refresh();
  assert.match(lists.problem() ?? '', /is not there/);
  assert.ok(lists.find(hashesOf('one')) !== undefined);
});

test('lines that are no hash are told, not passed over', () => {
  const { host, lists } = setUp();
  host.write('/lists/broken.txt', `${hashOf('sha256', 'one')}\n<html>not found</html>\n`);
  lists.refresh();
  assert.match(lists.problem() ?? '', /1 lines of \/lists\/broken.txt are no hash/);
  assert.equal(lists.count(), 1);
});

test('whatever a line holds, it names one whole hash or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF ,#"'.split('')) })),
      (line) => {
        const parsed = parseHashLine(line);
        if (parsed === undefined || parsed === 'refused') return;
        assert.equal(parsed.value.length, { sha256: 64, sha1: 40, md5: 32 }[parsed.algorithm]);
        assert.match(parsed.value, /^[0-9a-f]+$/);
      },
    ),
  );
  assert.equal(parseHashLine(`${'a'.repeat(64)}b`), 'refused');
  assert.equal(parseHashLine('a'.repeat(63)), 'refused');
});

test('the sorted set holds exactly what was put in', () => {
  // Many begin alike.
  const md5 = fc
    .tuple(fc.constantFrom('00000000', 'ffffffff', '01234567'), fc.uint8Array({ minLength: 12, maxLength: 12 }))
    .map(([prefix, bytes]) => prefix + Buffer.from(bytes).toString('hex'));
  fc.assert(
    fc.property(fc.array(md5, { maxLength: 60 }), fc.array(md5, { maxLength: 10 }), (inside, others) => {
      const set = sortedHashes(Buffer.from(inside.join(''), 'hex'), 16);
      assert.equal(set.count, new Set(inside).size);
      for (const one of inside) assert.ok(set.has(one));
      for (const one of others) assert.equal(set.has(one), inside.includes(one));
      assert.ok(!set.has('00'));
    }),
  );
});

test('a list far longer than the memory of the sensor is read, up to the bound', () => {
  const { host } = setUp();
  const hex = createHash('shake256', { outputLength: 32 * 600_000 })
    .update('seed')
    .digest('hex');
  host.write('/lists/long.txt', hex.replaceAll(/.{64}/g, '$&\n'));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--max-semi-space-size=1', '--max-old-space-size=48', '--input-type=module', '-e', listReader],
    { env: { ROOT: host.root, FOLDER: import.meta.dirname }, encoding: 'utf8' },
  );
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), [500_000, 'more than 500000 hashes are listed']);
});

const listReader = `
const { createHashLists } = await import(process.env.FOLDER + '/hash-lists.ts');
const { createHostFiles } = await import(process.env.FOLDER + '/../host/host-files.ts');
const lists = createHashLists(createHostFiles(process.env.ROOT), ['/lists']);
lists.refresh();
console.log(JSON.stringify([lists.count(), lists.problem()]));
`;
