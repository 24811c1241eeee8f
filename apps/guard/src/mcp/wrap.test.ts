import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { readGatewayOptions } from './options.ts';
import { runWrap, wrapServer } from './wrap.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-wrap-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, '.mcp.json');

function serversIn(path: string) {
  const read = parseJson(readFileSync(path, 'utf8'));
  const servers = isJsonObject(read) ? read['mcpServers'] : undefined;
  assert.ok(isJsonObject(servers));
  return servers;
}

test('a program and an address go through the gateway, shown first, then written with what there was kept', () => {
  const before = {
    other: 1,
    mcpServers: {
      files: { command: 'npx', args: ['-y', 'server-filesystem', '/srv'], env: { A: '1' } },
      remote: { type: 'http', url: 'https://mcp.example/mcp', headers: { Authorization: 'Bearer ${KEY}' } },
      old: { type: 'sse', url: 'https://mcp.example/sse' },
      custom: { url: 'https://mcp.example/mcp', headers: { 'X-Key': 'k' } },
    },
  };
  writeFileSync(file, JSON.stringify(before), { mode: 0o600 });
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  assert.equal(runWrap([file], write), 0);
  assert.deepEqual(parseJson(readFileSync(file, 'utf8')), before);
  assert.match(
    lines.join('\n'),
    /^- files: npx -y server-filesystem \/srv\n\+ files: sallyport-guard mcp --name files -- npx/,
  );
  assert.match(lines.join('\n'), /old: left as it is.*\n.*custom: left as it is: .*X-Key/);
  assert.equal(runWrap([file, '--write', '--guard', 'node /opt/guard.mjs'], write), 0);
  assert.deepEqual(parseJson(readFileSync(`${file}.before-sallyport`, 'utf8')), before);
  const { files, remote, old } = serversIn(file);
  assert.ok(isJsonObject(files) && isJsonObject(remote));
  assert.deepEqual(files['args'], [
    '/opt/guard.mjs',
    'mcp',
    '--name',
    'files',
    '--',
    'npx',
    '-y',
    'server-filesystem',
    '/srv',
  ]);
  assert.match(JSON.stringify(files['env']), /"A":"1".*SALLYPORT_AGENT_TOKEN/);
  assert.deepEqual(remote['args'], [
    '/opt/guard.mjs',
    'mcp',
    '--name',
    'remote',
    '--url',
    'https://mcp.example/mcp',
    '--bearer-env',
    'SALLYPORT_GATEWAY_BEARER',
  ]);
  assert.match(JSON.stringify(remote['env']), /"SALLYPORT_GATEWAY_BEARER":"\$\{KEY\}"/);
  assert.deepEqual(old, before.mcpServers.old);
  lines.length = 0;
  assert.equal(runWrap([file, '--write', '--guard', 'node /opt/guard.mjs'], write), 0);
  assert.equal(lines.filter((line) => line.includes('already')).length, 2);
  assert.deepEqual(parseJson(readFileSync(`${file}.before-sallyport`, 'utf8')), before, 'the first stays');
});

test('only what the gateway itself starts is said to be behind it', () => {
  const wrapped = (command: string, ...args: string[]) => wrapServer('files', { command, args }, 'node /opt/guard.mjs');
  const own = ['/opt/guard.mjs', 'mcp', '--name', 'files'];
  assert.equal(wrapped('node', ...own, '--', 'npx').kind, 'is_wrapped');
  assert.equal(wrapped('node', ...own, '--url', 'https://mcp.example').kind, 'is_wrapped');
  // The words, elsewhere: it goes behind.
  assert.equal(wrapped('/tmp/evil', 'mcp', '--', '--name').kind, 'wrapped');
  assert.equal(wrapped('sh', '-c', 'evil', '--name', 'mcp', '--').kind, 'wrapped');
  for (const [args, why] of [
    [
      ['/tmp/evil.mjs', ...own.slice(1), '--', 'npx'],
      /looks like a gateway but is not started by "node \/opt\/guard.mjs"/,
    ],
    [['/opt/guard.mjs', 'mcp', '--name', 'other', '--', 'npx'], /as "other"/],
    [[...own, '--local', '/tmp/pins', '--', 'npx'], /asks no server/],
    [own, /cannot start/],
  ] as const) {
    const left = wrapped('node', ...args);
    assert.equal(left.kind, 'left');
    assert.match(left.kind === 'left' ? left.reason : '', why);
  }
});

test('what wrap writes is what the gateway reads', () => {
  const wrapped = wrapServer('files', { command: 'npx', args: ['-y', 'x', '--name', 'y'] }, 'sallyport-guard');
  assert.ok(wrapped.kind === 'wrapped');
  const args = wrapped.server['args'];
  assert.ok(Array.isArray(args));
  const options = readGatewayOptions(args.slice(1).map(String), () => '');
  assert.deepEqual(options.behind, { kind: 'program', command: ['npx', '-y', 'x', '--name', 'y'] });
});

test('options that make no sense are refused with what is wrong', () => {
  const read =
    (...args: string[]) =>
    () =>
      readGatewayOptions(args, (name) => `/state/${name}`);
  assert.throws(read('--', 'x'), /--name/);
  assert.throws(read('--name', 'a b', '--', 'x'), /--name/);
  assert.throws(read('--name', 'a'), /either --url or a command/);
  assert.throws(read('--name', 'a', '--url', 'https://x.example', '--', 'x'), /either --url or a command/);
  assert.throws(read('--name', 'a', '--url', 'ftp://x.example'), /https/);
  assert.throws(read('--name', 'a', '--url', 'https://u:p@x.example'), /no credential/);
  assert.throws(read('--name', 'a', '--listen', '1', '--', 'x'), /go together/);
  assert.throws(read('--name', 'a', '--fail', 'often', '--', 'x'), /--fail/);
  assert.throws(read('--name', 'a', '--let', 'everything', '--', 'x'), /--let/);
  assert.throws(read('--name', 'a', '--in-flight', '0', '--', 'x'), /from 1 to 1000/);
  assert.throws(read('--name', 'a', '--local', 'f', '--fail', 'open', '--', 'x'), /no meaning/);
  assert.equal(read('--name', 'a', '--fail', 'open', '--', 'x')().spool, '/state/a');
  assert.equal(read('--name', 'a', '--call-seconds', '5', '--', 'x')().limits.callMs, 5000);
});
