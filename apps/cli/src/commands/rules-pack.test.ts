import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildZip, type ZipInput } from '../testing/build-zip.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-rules-pack-'));
after(() => rm(directory, { recursive: true }));
const at = (name: string): string => join(directory, name);

function rule(id: string): string {
  return `title: ${id}\nid: ${id}\nauthor: Grace\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image: ${id}\n  condition: sel\n`;
}

const made = await run(['rules', 'pack', 'key', 'example.com/rules', '-o', at('rules.key')]);
await writeFile(at('rules.vkey'), made.stdout);

async function folderOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at(name), path)), { recursive: true });
    await writeFile(join(at(name), path), text);
  }
  return at(name);
}

async function zipOf(name: string, members: readonly ZipInput[]): Promise<string> {
  await writeFile(at(name), buildZip(members));
  return at(name);
}

function build(input: string, out: string, ...more: readonly string[]) {
  const named = ['--name', 'sigmahq-core', '--version', 'r2026-08-05', '--key', at('rules.key'), '-o', at(out)];
  return run(['rules', 'pack', 'build', input, ...named, ...more]);
}

const release = {
  'rules/windows/a.yml': rule('a'),
  'rules-emerging-threats/b.yml': rule('b'),
  'deprecated/old.yml': rule('old'),
  'tests/info.yml': 'description: no rule\n',
  '.github/workflows/ci.yml': 'on: push\n',
  LICENSE: 'Detection Rule License 1.1\n',
  'README.md': '# Rules\n',
};

test('a folder and a zip of a release make the same pack, of its rules and its licence alone', async () => {
  const folder = await build(await folderOf('release', release), 'folder.pack', '--json');
  assert.equal(folder.exitCode, 0, folder.stderr);
  const members = Object.entries(release).map(([name, content]) => ({ name: `sigma-r2026/${name}`, content }));
  const zipped = await build(await zipOf('release.zip', members), 'zip.pack');
  assert.equal(zipped.exitCode, 0, zipped.stderr);
  assert.deepEqual(await readFile(at('folder.pack')), await readFile(at('zip.pack')));
  const { files, rules, passed_over: passedOver } = JSON.parse(folder.stdout);
  assert.deepEqual([files, rules, passedOver], [3, 2, 4]);
  const listed = await run(['rules', 'pack', 'inspect', at('zip.pack'), '--files']);
  assert.match(listed.stdout, /rules-emerging-threats\/b\.yml/);
  assert.match(listed.stdout, /LICENSE$/m);
  assert.doesNotMatch(listed.stdout, /deprecated|README|info\.yml/);
});

test('a pack proves itself with the key of its publisher and with no other, and without a key proves nothing', async () => {
  await build(await folderOf('signed', { 'a.yml': rule('a') }), 'signed.pack');
  const verify = (...more: readonly string[]) => run(['rules', 'pack', 'verify', at('signed.pack'), ...more]);
  const sound = await verify('--key', at('rules.vkey'));
  assert.deepEqual(
    [sound.exitCode, sound.stdout.startsWith('verified: sigmahq-core r2026-08-05, 1 file, signed by example.com')],
    [0, true],
  );
  assert.equal((await verify()).exitCode, 5);
  const other = await run(['rules', 'pack', 'key', 'example.com/rules', '-o', at('other.key')]);
  assert.equal((await verify('--key', other.stdout.trim())).exitCode, 1);
  const bytes = await readFile(at('signed.pack'));
  bytes[bytes.length - 2] = 0x20;
  await writeFile(at('signed.pack'), bytes);
  assert.match((await verify('--key', at('rules.vkey'))).stderr, /does not verify/);
});

test('an archive that leads out, links, collides or swells is refused, and nothing is written', async () => {
  const sound = { name: 'rules/a.yml', content: rule('a') };
  const megabyte = Buffer.alloc(1024 * 1024, 'a');
  const hostile: readonly (readonly [string, readonly ZipInput[], RegExp])[] = [
    ['out.zip', [sound, { name: '../../etc/cron.d/x.yml', content: 'x' }], /invalid relative path|points outside/],
    ['absolute.zip', [sound, { name: '/etc/x.yml', content: 'x' }], /absolute path|points outside/],
    ['backslash.zip', [sound, { name: 'rules\\..\\x.yml', content: 'x' }], /points outside|invalid/],
    ['link.zip', [sound, { name: 'rules/l.yml', content: '/etc/passwd', unixMode: 0o120777 }], /symbolic link/],
    ['twice.zip', [sound, sound], /is there already/],
    ['case.zip', [sound, { name: 'rules/A.yml', content: rule('b') }], /is there already/],
    [
      'large.zip',
      [sound, { name: 'rules/b.yml', content: Buffer.alloc(2 * 1024 * 1024, 'a') }],
      /more than 1048576 bytes/,
    ],
    ['lie.zip', [sound, { name: 'rules/b.yml', content: Buffer.alloc(60_000, 'a'), claimedBytes: 10 }], /Cannot read/],
    [
      'bomb.zip',
      Array.from({ length: 70 }, (_, number) => ({
        name: `rules/${number}.yml`,
        content: megabyte,
      })),
      /more than 67108864 bytes/,
    ],
    ['hidden.zip', [{ name: 'rules/.a.yml', content: rule('a') }], /must be plain letters/],
    ['empty.zip', [{ name: 'README.md', content: 'x' }], /no \.yml file/],
    ['not-yaml-name.zip', [{ name: 'rules/con.yml', content: rule('a') }], /name of a device/],
  ];
  for (const [name, members, message] of hostile) {
    const refused = await build(await zipOf(name, members), `${name}.pack`);
    assert.equal(refused.exitCode, 1, `${name}: ${refused.stderr}`);
    assert.match(refused.stderr, message, name);
    await assert.rejects(readFile(at(`${name}.pack`)), name);
  }
  await writeFile(at('garbage.zip'), 'PK\u0003\u0004garbage');
  assert.equal((await build(at('garbage.zip'), 'garbage.pack')).exitCode, 1);
  const linked = await folderOf('linked', { 'rules/a.yml': rule('a') });
  await symlink('/etc/passwd', join(linked, 'rules', 'b.yml'));
  assert.match((await build(linked, 'linked.pack')).stderr, /symbolic link/);
});

test('a version without a date needs to be told when it was made, and what a pack cannot honour is told', async () => {
  const input = await folderOf('dated', {
    'a.yml': rule('a'),
    'f.yml':
      'title: f\nfilter:\n  rules: any\n  sel:\n    Image: x\n  condition: sel\nlogsource:\n  product: windows\n',
  });
  const undated = ['--name', 'own', '--version', '7', '--key', at('rules.key'), '-o', at('dated.pack')];
  const refused = await run(['rules', 'pack', 'build', input, ...undated]);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /--created/);
  const taken = await run(['rules', 'pack', 'build', input, ...undated, '--created', '2026-08-05']);
  assert.equal(taken.exitCode, 0, taken.stderr);
  assert.match(taken.stderr, /f\.yml:\d+ A filter would reach rules outside the pack/);
  const again = await run(['rules', 'pack', 'build', input, ...undated, '--created', '2026-08-05']);
  assert.match(again.stderr, /exists already/);
});

test('a secret key is for its owner alone, and what is no key is refused without being quoted', async () => {
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^example\.com\/rules\+[0-9a-f]{8}\+\S+\n$/);
  await writeFile(at('wrong.key'), 'PRIVATE+KEY+a+00000000+c2VjcmV0c2VjcmV0');
  const input = await folderOf('keyed', { 'a.yml': rule('a') });
  const refused = await run([
    'rules',
    'pack',
    'build',
    input,
    '--name',
    'a',
    '--version',
    'r2026-08-05',
    '--key',
    at('wrong.key'),
    '-o',
    at('k.pack'),
  ]);
  assert.equal(refused.exitCode, 2);
  assert.doesNotMatch(refused.stderr, /c2VjcmV0/);
});
