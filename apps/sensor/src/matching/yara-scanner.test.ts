// The real engine in its real process, against rules and files that are meant to break it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { buildSensor } from '../../build.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { parseAnswer, parseRequest, requestLine } from './scan-frames.ts';
import { createYaraScanner, defaultYaraLimits } from './yara-scanner.ts';
import type { YaraLimits, YaraScanner } from './yara-scanner.ts';

const sources = join(import.meta.dirname, '../../../..');
const fromSources = { file: join(import.meta.dirname, 'yara-child.ts'), reads: [sources] };
const built = mkdtempSync(join(tmpdir(), 'sensor-built-'));
const ends: (() => void)[] = [() => rmSync(built, { recursive: true })];
after(() => ends.forEach((end) => end()));

/** Nothing on this disk shall look like what scanners look for. */
const marker = ['made', 'up', 'marker', '4711'].join('-');
const markerRule = `rule marker : made_up { meta: description = "made up" strings: $mark = "${marker}" condition: $mark }`;

function setUp(limits: Partial<YaraLimits> = {}, program = fromSources) {
  const host = createTemporaryHost();
  const scanner: YaraScanner = createYaraScanner({
    files: host.files,
    paths: ['/rules'],
    program,
    limits: { ...defaultYaraLimits, ...limits },
  });
  ends.push(scanner.close, host.end);
  return { host, scanner };
}

test('a file that a rule describes is found, by rule, file of the rule, tags and names of patterns, and never by its content', async () => {
  const { host, scanner } = setUp();
  host.write('/rules/one.yar', markerRule);
  host.write('/rules/notes.txt', 'no rules');
  host.write('/here', `some text and ${marker} in it`);
  host.write('/clean', 'some text');
  assert.ok(scanner.refresh());
  assert.ok(!scanner.refresh());
  const found = await scanner.scan(host.at('/here'));
  assert.deepEqual(found, {
    kind: 'scanned',
    sha256: createHash('sha256').update(`some text and ${marker} in it`).digest('hex'),
    matches: [
      { rule: 'marker', file: '/rules/one.yar', tags: ['made_up'], description: 'made up', patterns: ['$mark'] },
    ],
  });
  const clean = await scanner.scan(host.at('/clean'));
  assert.deepEqual(clean.kind === 'scanned' ? clean.matches : clean, []);
  assert.equal(scanner.problem(), undefined);
  assert.ok(scanner.usedMs() > 0);
});

test('one file of rules that is wrong does not switch the others off, and is told', async () => {
  const { host, scanner } = setUp();
  host.write('/rules/good.yar', markerRule);
  host.write('/rules/broken.yar', 'rule broken {');
  host.write('/rules/reads.yar', 'include "/etc/passwd"');
  host.write('/here', marker);
  scanner.refresh();
  const found = await scanner.scan(host.at('/here'));
  assert.equal(found.kind === 'scanned' ? found.matches.length : found, 1);
  assert.match(scanner.problem() ?? '', /\/rules\/(broken|reads)\.yar cannot be used/);
  host.remove('/rules/broken.yar');
  host.remove('/rules/reads.yar');
  assert.ok(scanner.refresh());
  await scanner.scan(host.at('/here'));
  assert.equal(scanner.problem(), undefined);
});

test('a rule and a file that would keep the engine busy for years end it, and the next file is looked into all the same', async () => {
  // On a machine that is busy, the file that is quickly looked into has twice this.
  const { host, scanner } = setUp({ scanMs: 2500 });
  host.write('/rules/one.yar', markerRule);
  host.write(
    '/rules/endless.yar',
    'rule endless { condition: uint8(0) == 0x61 and for all i in (0..filesize-2): (for all j in (0..filesize-2): (uint8(j) == 0x61)) }',
  );
  host.write('/endless', Buffer.alloc(1 << 20, 0x61));
  host.write('/here', marker);
  scanner.refresh();
  const [endless, next] = await Promise.all([scanner.scan(host.at('/endless')), scanner.scan(host.at('/here'))]);
  assert.equal(endless.kind, 'failed');
  assert.equal(next.kind === 'scanned' ? next.matches.length : next, 1);
});

test('files over the bound, pipes, folders and files that are not there are not read', async () => {
  const { host, scanner } = setUp({ maxFileBytes: 1000 });
  host.write('/rules/one.yar', markerRule);
  host.write('/large', Buffer.alloc(1001));
  assert.equal(spawnSync('mkfifo', [host.at('/pipe')]).status, 0);
  scanner.refresh();
  assert.deepEqual(await scanner.scan(host.at('/large')), { kind: 'too_large', bytes: 1001 });
  for (const path of ['/pipe', '/rules', '/nothing'])
    assert.deepEqual(await scanner.scan(host.at(path)), { kind: 'unread' });
});

test('the process that matches may read nothing but its program, and has no environment', async () => {
  const { host, scanner } = setUp();
  // What a rule prints must not pass for an answer.
  const forged = JSON.stringify({ kind: 'scanned', id: 1, matches: [], usedMs: 1 }).replaceAll('"', String.raw`\"`);
  host.write('/rules/talks.yar', `import "console" rule talks { condition: console.log("${forged}") }`);
  host.write('/here', marker);
  scanner.refresh();
  const talked = await scanner.scan(host.at('/here'));
  assert.deepEqual(talked.kind === 'scanned' ? talked.matches.map(({ rule }) => rule) : talked, ['talks']);
  const child = spawnSync(
    process.execPath,
    ['--permission', `--allow-fs-read=${sources}`, '-e', "require('node:fs').readFileSync('/etc/passwd')"],
    { env: {}, encoding: 'utf8' },
  );
  assert.match(child.stderr, /ERR_ACCESS_DENIED/);
});

test('where the engine is not installed that is told, and no file is blamed for it', async () => {
  const { host, scanner } = setUp({}, { file: '/nowhere/sallyport-sensor-yara.mjs', reads: ['/nowhere'] });
  host.write('/rules/one.yar', markerRule);
  host.write('/here', marker);
  scanner.refresh();
  assert.deepEqual(await scanner.scan(host.at('/here')), { kind: 'unread' });
  assert.match(scanner.problem() ?? '', /sallyport-sensor-yara.mjs is not installed/);
});

test('the bundle that is installed matches, from a folder that holds it alone', async () => {
  await buildSensor(built);
  const { host, scanner } = setUp({}, { file: join(built, 'sallyport-sensor-yara.mjs'), reads: [built] });
  host.write('/rules/one.yar', markerRule);
  host.write('/here', marker);
  scanner.refresh();
  const found = await scanner.scan(host.at('/here'));
  assert.equal(found.kind === 'scanned' ? found.matches.length : found, 1);
  assert.match(readFileSync(join(built, 'LICENSES.txt'), 'utf8'), /YARA-X Authors/);
});

test(
  'YARA of Debian finds the same with the same rules in real programs',
  { skip: !existsSync('/usr/bin/yara') },
  async () => {
    const { host, scanner } = setUp();
    const rules = [
      'import "elf"',
      'rule is_elf { condition: elf.type == elf.ET_DYN or elf.type == elf.ET_EXEC }',
      'rule says_usage { strings: $a = "usage" nocase condition: $a }',
      'rule hex_head { strings: $a = { 7F 45 4C 46 02 01 } condition: $a at 0 }',
      'rule wide_or_regex { strings: $a = /[Cc]opyright \\(C\\) [0-9]{4}/ $b = "lib" wide condition: 1 of them }',
    ].join('\n');
    host.write('/rules/real.yar', rules);
    scanner.refresh();
    const programs = ['/bin/ls', '/bin/cat', '/usr/bin/env', '/etc/passwd', '/usr/bin/yara'];
    for (const path of programs) {
      const theirs = spawnSync('/usr/bin/yara', ['-w', host.at('/rules/real.yar'), path], { encoding: 'utf8' });
      const expected = theirs.stdout
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ', 1)[0] ?? '')
        .toSorted();
      const ours = await scanner.scan(path);
      assert.deepEqual(
        ours.kind === 'scanned' ? ours.matches.map(({ rule }) => rule).toSorted() : ours,
        expected,
        path,
      );
    }
  },
);

test('whatever the process says, an answer is whole and bounded or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc
          .record({
            kind: fc.constantFrom('ready', 'scanned', 'failed'),
            id: fc.oneof(fc.nat(), fc.double()),
            usedMs: fc.nat(),
            rules: fc.nat(),
            reason: fc.string(),
            matches: fc.array(fc.record({ rule: fc.string({ maxLength: 999 }), tags: fc.jsonValue() })),
          })
          .map((value) => JSON.stringify(value)),
      ),
      (line) => {
        const answer = parseAnswer(line);
        if (answer?.kind !== 'scanned') return;
        assert.ok(answer.matches.length <= 20);
        for (const { rule } of answer.matches) assert.ok(rule.length <= 300);
      },
    ),
  );
  const request = { kind: 'scan', id: 1, bytes: 5, timeoutMs: 9 } as const;
  assert.deepEqual(parseRequest(requestLine(request).trimEnd()), request);
  assert.equal(parseRequest('{"kind":"scan","id":1,"bytes":-5,"timeoutMs":9}'), undefined);
});
