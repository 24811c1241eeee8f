import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryRoot } from '../server-under-test.ts';
import { openHarness } from './harness-under-test.ts';
import type { HarnessUnderTest } from './harness-under-test.ts';

// Setting up a harness that has MCP servers, on a real server, with the real guard and a real MCP server. One story, told in order.
let house: HarnessUnderTest;
let file: string;
const filesystem = join(repositoryRoot, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');

before(async () => {
  house = await openHarness(() => ({}));
  file = join(house.home, '.claude.json');
  keep({ files: { command: process.execPath, args: [filesystem, house.workspace] } });
});
after(() => house.end());

function keep(servers: object): void {
  writeFileSync(file, JSON.stringify({ numStartups: 3, mcpServers: servers }), { mode: 0o600 });
}

const setUp = (...more: string[]) =>
  house.sallyport('agent', 'setup', 'claude-code', '--guard', house.guard, '--for-version', '2.1.330', ...more);

test('servers are shown as they would go through the gateway, and left as they are until somebody agrees', async () => {
  const before = readFileSync(file, 'utf8');
  const shown = await setUp();
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^- files: .*server-filesystem/m);
  assert.match(shown.stdout, /^\+ files: .*sallyport-guard\.mjs mcp --name files -- .*server-filesystem/m);
  assert.match(shown.stderr, /1 MCP server in .*\.claude\.json/);
  assert.match(shown.stderr, /--write --yes it is done; --no-wrap leaves them out/);
  // Nobody sits here who could be asked.
  const unasked = await setUp('--write', '--no-test');
  assert.match(unasked.stderr, /Left as they are; --yes puts them behind it/);
  assert.equal(readFileSync(file, 'utf8'), before);
  const silent = await setUp('--no-wrap');
  assert.doesNotMatch(silent.stdout + silent.stderr, /MCP server/);
});

test('with a yes they stand behind it, what there was is kept, and each is started and answers', async () => {
  const before = readFileSync(file, 'utf8');
  const made = await setUp('--write', '--yes');
  assert.equal(made.code, 0, made.stderr + made.stdout);
  assert.match(made.stdout, /proved {2}MCP server files answers through the gateway/);
  assert.equal(readFileSync(`${file}.before-sallyport`, 'utf8'), before);
  const written = readFileSync(file, 'utf8');
  assert.match(written, /"numStartups": 3/);
  assert.match(written, /"--name",\s+"files"/);
  assert.doesNotMatch(written, /spa_/, 'no credential is copied');
  // The server met it: it waits for approval.
  assert.match(JSON.stringify(await house.ask('/v1/agents/tool-servers')), /"name":"files".*"state":"quarantined"/);
  const again = await setUp('--write', '--yes', '--no-test');
  assert.match(again.stdout, /files: goes through the gateway already/);
  assert.equal(readFileSync(file, 'utf8'), written);
});

test('one that does not start fails the self-test, in words', async () => {
  rmSync(`${file}.before-sallyport`);
  keep({ gone: { command: join(house.directory, 'not-there'), args: [] } });
  const made = await setUp('--write', '--yes');
  assert.notEqual(made.code, 0);
  assert.match(made.stdout, /FAILED {2}MCP server gone does not answer through the gateway/);
  assert.match(made.stderr, /1 of what was tried does not hold/);
});

test('of harnesses that name their environment another way the servers are told, not touched; a broken file stops nothing', async () => {
  mkdirSync(join(house.home, '.gemini'));
  const gemini = join(house.home, '.gemini', 'settings.json');
  writeFileSync(gemini, JSON.stringify({ mcpServers: { a: { command: 'a' }, b: { httpUrl: 'https://b.example' } } }));
  const made = await house.sallyport(
    'agent',
    'setup',
    'gemini-cli',
    '--guard',
    house.guard,
    '--write',
    '--yes',
    '--no-test',
  );
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /2 MCP servers in .*: not offered to go through the gateway/);
  assert.match(readFileSync(gemini, 'utf8'), /"command": "a"/);
  writeFileSync(file, '{ nonsense');
  const other = await setUp('--write', '--yes', '--no-test');
  assert.equal(other.code, 0, other.stderr);
  assert.equal(readFileSync(file, 'utf8'), '{ nonsense');
  assert.ok(existsSync(join(house.home, '.claude', 'settings.json')));
});

test('what a cloned project names is not started with a credential until whoever sits there agrees', async () => {
  const ran = join(house.directory, 'ran');
  const mcp = join(house.workspace, '.mcp.json');
  const args = ['mcp', '--name', 'docs', '--', '/bin/sh', '-c', `touch ${ran}`];
  writeFileSync(mcp, JSON.stringify({ mcpServers: { docs: { command: house.guard, args } } }));
  const project = (...more: string[]) => setUp('--scope', 'project', ...more);
  const alone = await project('--test-only');
  assert.match(alone.stderr, /Cannot try the hooks of .*: must be as they would be written/);
  for (const way of ['--write', '--test-only']) {
    const unasked = await project(way);
    assert.equal(unasked.code, 0, unasked.stderr + unasked.stdout);
    assert.match(unasked.stderr, /MCP server docs is started with: \/bin\/sh -c touch/);
    assert.match(unasked.stdout, /stands {2}MCP server docs stands behind the gateway; it is not started/);
    assert.equal(existsSync(ran), false, way);
  }
  await project('--test-only', '--yes');
  assert.equal(existsSync(ran), true);
});
