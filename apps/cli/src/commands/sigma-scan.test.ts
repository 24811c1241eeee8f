import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { buildZip } from '../testing/build-zip.ts';
import { run } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-sigma-'));
after(() => rm(directory, { recursive: true }));
const rules = join(directory, 'rules');
const id = '11111111-2222-4333-8444-555555555555';
await mkdir(join(rules, 'deep'), { recursive: true });
await writeFile(
  join(rules, 'deep', 'rule.yml'),
  `title: Whoami\nid: ${id}\nstatus: test\nlevel: high\nlogsource:\n  category: process_creation\n  product: windows\ndetection:\n  sel:\n    Image|endswith: '\\whoami.exe'\n  condition: sel\n`,
);
const broken = join(rules, 'refused.yml');
await writeFile(
  broken,
  'title: Broken\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image|nonsense: x\n  condition: sel\n',
);
const hit = '{"Image":"C:\\\\whoami.exe"}';
const miss = '{"Image":"C:\\\\cmd.exe"}';

async function events(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function matches(stdout: string): unknown[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('each match is one line of rule, file as given, and event counted from 0, in every format of input', async () => {
  const shapes: Record<string, string | Buffer> = {
    'lines.json': `${miss}\n${hit}\n\n${miss}\n${hit}`,
    'array.json': `[${miss},${hit},\n${miss},${hit}]`,
    'pretty.json': [miss, hit, miss, hit].map((line) => JSON.stringify(JSON.parse(line), null, 2)).join('\n'),
    'joined.json': miss + hit + miss + hit,
    'members.zip': buildZip([
      { name: 'a.json', content: `${miss}\n${hit}\n` },
      { name: 'b.json', content: `[${miss},${hit}]` },
    ]),
  };
  for (const [name, content] of Object.entries(shapes)) {
    const file = await events(name, content);
    const { exitCode, stdout, stderr } = await run([
      'sigma',
      'scan',
      '--rules',
      rules,
      '--events',
      file,
      '--format',
      'json',
    ]);
    assert.equal(exitCode, 0);
    assert.equal(
      stdout,
      `{"rule":"${id}","file":"${file}","event":1}\n{"rule":"${id}","file":"${file}","event":3}\n`,
      name,
    );
    assert.match(
      stderr,
      /rules: 1 loaded, 1 refused, from 2 files\nevents: 4 from 1 file\nmatches: 2 in 2 events\ntime: /,
    );
  }
});

test('a refused rule is named with file, line and reason; the others are in force', async () => {
  const { stderr } = await run(['sigma', 'scan', '--rules', rules, '--events', await events('one.json', hit)]);
  assert.match(stderr, new RegExp(`^refused ${broken}:6: .*nonsense`));
  const none = await run(['sigma', 'scan', '--rules', broken, '--events', join(directory, 'one.json')]);
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /no rule in ".*" was loaded, 1 refused/);
});

test('an unparseable event is named and counted, keeps its number, and takes nothing else with it', async () => {
  const file = await events('damaged.json', `{"Image":"cut\n${hit}\n{"a":01}\n7\n${hit}\n`);
  const { exitCode, stdout, stderr } = await run([
    'sigma',
    'scan',
    '--rules',
    rules,
    '--events',
    file,
    '--format',
    'json',
  ]);
  assert.equal(exitCode, 0);
  assert.deepEqual(matches(stdout), [
    { rule: id, file, event: 1 },
    { rule: id, file, event: 4 },
  ]);
  assert.match(stderr, /event 0 left out: a string runs past the end of its line\n/);
  assert.match(stderr, /event 2 left out: not JSON: /);
  assert.match(stderr, /event 3 left out: not a JSON object\n/);
  assert.match(stderr, /events: 5 from 1 file, 3 of them left out as unparseable/);
  const many = await run(['sigma', 'scan', '--rules', rules, '--events', await events('many.json', 'x\n'.repeat(500))]);
  assert.ok(many.stderr.length < 3000);
  assert.match(many.stderr, /490 more events left out/);
});

test('an input that cannot be read fails the command after the others were scanned', async () => {
  const file = await events('good.json', hit);
  const { exitCode, stdout, stderr } = await run([
    'sigma',
    'scan',
    '--rules',
    rules,
    '--events',
    join(directory, 'missing'),
    file,
    '--format',
    'json',
  ]);
  assert.equal(exitCode, 1);
  assert.equal(matches(stdout).length, 1);
  assert.match(stderr, /Cannot read ".*missing": there is no such file/);
});

test('placeholders come from a file, and their names never touch a prototype', async () => {
  const expanding = join(directory, 'expand.yml');
  await writeFile(
    expanding,
    'title: E\nid: e\nlogsource:\n  product: windows\ndetection:\n  sel:\n    User|expand: "%admins%"\n  condition: sel\n',
  );
  const file = await events('user.json', '{"User":"root"}');
  const table = await events('table.json', '{"admins":["root"],"__proto__":["x"]}');
  const scan = ['sigma', 'scan', '--rules', expanding, '--events', file, '--format', 'json'];
  assert.equal((await run(scan)).exitCode, 1);
  assert.equal(matches((await run([...scan, '--placeholders', table])).stdout).length, 1);
  for (const bad of ['[]', '{"a":"b"}', '{"a":[1]}', 'x']) {
    assert.match(
      (await run([...scan, '--placeholders', await events('bad.json', bad)])).stderr,
      /must be a JSON object of lists of strings/,
    );
  }
});

test('a title in text output cannot act on the terminal', async () => {
  const file = join(directory, 'evil.yml');
  await writeFile(
    file,
    'title: "a\\e[2Jb"\nid: evil\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image: "x\\e]0;y\\a"\n  condition: sel\n',
  );
  const { stdout } = await run([
    'sigma',
    'scan',
    '--rules',
    file,
    '--events',
    await events('evil.json', '{"Image":"x\\u001b]0;y\\u0007"}'),
  ]);
  assert.match(stdout, /^\? none +ab .*evil.json event 0 {2}Image=x\n$/);
});

test('every regression test of the Sigma corpus matches its rule', async (context) => {
  const data = join(import.meta.dirname, '../../../../../shared/data');
  if (!existsSync(data)) return context.skip('the shared reference data is not here');
  const files = globSync('sigma-regression/**/*.json', { cwd: data }).map((name) => join(data, name));
  assert.ok(files.length > 50);
  const { stdout } = await run([
    'sigma',
    'scan',
    '--rules',
    join(data, 'sigma'),
    '--events',
    ...files,
    '--format',
    'json',
  ]);
  const found = new Set(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .map(({ rule, file }) => `${rule} ${file}`),
  );
  for (const file of files) {
    const info = await readFile(join(dirname(file), 'info.yml'), 'utf8');
    const wanted = [...info.matchAll(/^\s+- id: (\S+)/gm)]
      .map((match) => match[1])
      .filter((rule) => info.includes('rule_metadata') && basename(file).startsWith(rule ?? ''));
    for (const rule of wanted) assert.ok(found.has(`${rule} ${file}`), `${rule} ${file}`);
  }
});

test('correlations and filters are part of a scan: events count at the times they state, in whatever order they lie', async () => {
  const folder = join(directory, 'correlated');
  await mkdir(folder);
  await writeFile(
    join(folder, 'rules.yml'),
    [
      'title: Refused\nname: refused\nid: r-refused\nlogsource: { category: x }\ndetection: { sel: { event: refused }, condition: sel }',
      'title: Guessing\nid: c-guess\nlevel: high\ncorrelation:\n    type: event_count\n    rules: [refused]\n    group-by: [ip]\n    timespan: 1m\n    condition: { gte: 3 }',
      'title: Ours\nlogsource: { category: x }\nfilter:\n    rules: [refused]\n    ours: { ip: 10.0.0.1 }\n    condition: ours',
    ].join('\n---\n'),
  );
  const line = (second: string, ip: string): string =>
    JSON.stringify({ event: 'refused', ip, '@timestamp': `2026-01-01T00:${second}Z` });
  const lines = ['00:30', '00:05', '00:59'].flatMap((second) => [line(second, '192.0.2.7'), line(second, '10.0.0.1')]);
  const file = await events(
    'guess.json',
    [...lines, line('20:00', '192.0.2.7'), '{"event":"refused","ip":"192.0.2.7"}'].join('\n'),
  );
  const scan = (format: string) => run(['sigma', 'scan', '--rules', folder, '--events', file, '--format', format]);
  const { exitCode, stdout, stderr } = await scan('json');
  assert.equal(exitCode, 0);
  assert.deepEqual(matches(stdout), [
    { rule: 'c-guess', file, event: 4, events: [2, 0, 4].map((event) => ({ file, event })) },
  ]);
  assert.match(
    stderr,
    /correlations: 1 loaded, came true 1 time\n1 match left out of correlations: the event states no time/,
  );
  assert.match(
    (await scan('text')).stdout,
    /high +Guessing {2}3 events up to .*guess\.json event 4 {2}ip=192\.0\.2\.7/,
  );
});
