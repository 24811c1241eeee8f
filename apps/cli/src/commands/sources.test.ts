import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const to = ['--server', server.url, '--key', server.key];
const step = {
  title: 'Paste',
  file: '/etc/x.conf',
  language: 'text',
  text: 'to {{host}} {{port}} {{address}} {{key}} {{source}}\nca {{authority_file}}\n',
};
const recipe = { id: 'x', title: 'X', about: 'About X.', sends: 'hec', needs: 'key', checked: 'run', steps: [step] };
const trial = { title: 'Try', text: 'x --test {{host}}\u001b[2J' };
server.documents.set('/v1/sources/recipes', {
  recipes: [recipe, { ...recipe, id: 'y', sends: 'syslog', needs: 'listener', listener: 'tls', test: trial }],
});
server.documents.set('/v1/settings/https', { state: 'closed' });

test('a recipe is printed with what is known put in, and what is not is said', async () => {
  const { exitCode, stdout, stderr } = await run(['sources', 'recipe', 'x', ...to]);
  assert.equal(exitCode, 0, stderr);
  const { hostname, port, origin } = new URL(server.url);
  assert.equal(
    stdout,
    `# X\n# About X.\n\n# 1. Paste: /etc/x.conf\nto ${hostname} ${port} ${origin} {{key}} {{source}}\nca /etc/ssl/sallyport-authority.pem\n`,
  );
  assert.match(stderr, /^hint: put a key for \{\{key\}\}/);
});

test('flags go before what is known, and the port is the one of the open listener', async () => {
  server.documents.set('/v1/settings/listeners', { tls: { port: 16_514 } });
  const flags = [
    '--address',
    'https://a.example/',
    '--source',
    'web-1',
    '--sender-key',
    'sp_x',
    '--authority',
    '/a.pem',
  ];
  const { stdout, stderr } = await run(['sources', 'recipe', 'y', ...to, ...flags]);
  assert.match(stdout, /^to a\.example 16514 https:\/\/a\.example sp_x web-1\nca \/a\.pem$/m);
  assert.equal(stderr, '');
  // What a server says cannot steer a terminal.
  assert.doesNotMatch(stdout, /\u001b/);
  server.documents.delete('/v1/settings/listeners');
});

test('a key that may not read settings gets the usual port and a hint; a name nobody knows is wrong usage', async () => {
  server.interfere(({ url }) =>
    url === '/v1/settings/listeners' ? { status: 403, body: { code: 'scope_missing', detail: 'no' } } : undefined,
  );
  const { exitCode, stdout, stderr } = await run(['sources', 'recipe', 'y', '--host', 'h', ...to]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^to h 6514 /m);
  assert.match(stderr, /hint: no listener for tls is known to be open/);
  server.interfere(() => undefined);
  assert.equal((await run(['sources', 'recipe', 'z', ...to])).exitCode, 2);
  assert.equal((await run(['sources', 'recipe', 'x', '--address', 'no url', ...to])).exitCode, 2);
  const listed = await run(['sources', 'recipe', '--json', ...to]);
  assert.equal(listed.stdout, '{"id":"x","title":"X"}\n{"id":"y","title":"X"}\n');
});

test('the authority is fetched only where it is the server’s own, and never over the list of the system', async () => {
  const fetching = { ...step, text: 'curl --insecure -o {{authority_file}} {{address}}/v1/authority.pem' };
  const sending = { ...step, text: 'curl --cacert {{authority_file}} {{address}}' };
  const posting = { ...recipe, id: 'post', steps: [fetching, sending], test: sending };
  server.documents.set('/v1/sources/recipes', {
    recipes: [posting, { ...posting, id: 'log', sends: 'syslog', needs: 'listener', listener: 'tls' }],
  });
  const plain = await run(['sources', 'recipe', 'post', ...to]);
  assert.doesNotMatch(plain.stdout, /authority|cacert/);
  const { origin } = new URL(server.url);
  assert.equal(plain.stdout.match(new RegExp(`^curl ${origin}$`, 'gm'))?.length, 2, plain.stdout);
  const there = ['--address', 'https://a.example'];
  server.documents.set('/v1/settings/https', { state: 'open', origin: 'https://a.example', kind: 'acme' });
  const known = await run(['sources', 'recipe', 'post', ...to, ...there]);
  assert.doesNotMatch(known.stdout, /insecure/);
  assert.match(known.stdout, /--cacert \/etc\/ssl\/certs\/ca-certificates\.crt https/);
  server.documents.set('/v1/settings/listeners', { tls: { port: 6514 } });
  const listened = await run(['sources', 'recipe', 'log', ...to, ...there]);
  assert.match(listened.stdout, /--insecure -o \/etc\/ssl\/sallyport-authority\.pem https:\/\/a\.example/);
  server.documents.set('/v1/settings/https', { state: 'open', origin: 'https://a.example', kind: 'authority' });
  assert.match((await run(['sources', 'recipe', 'post', ...to, ...there])).stdout, /--insecure -o \/etc\/ssl\/sally/);
});

test('a source that could not send is refused before its recipe is printed', async () => {
  const { exitCode, stdout, stderr } = await run(['sources', 'recipe', 'post', '--source', 'my web server', ...to]);
  assert.equal(exitCode, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /Cannot send as "my web server"/);
});

test('sources are listed with how they are, what was not let in, and nothing that steers a terminal', async () => {
  const seen = Date.parse('2026-03-01T12:00:03Z');
  const heard = { name: 'web-1', state: 'heard', accepted: 6, per_second: 0.5, last_seen_ms: seen };
  const more = { kept_raw: { json_invalid: 1 }, refused: { source_not_allowed: 2 }, label: 'Front\u001b[2J' };
  const row = { name: 'web-2', state: 'waiting', accepted: 0, per_second: 0, kept_raw: {}, refused: {} };
  server.documents.set('/v1/sources', { sources: [{ ...heard, ...more }], next: 'a/b' });
  server.interfere(({ url }) =>
    url === '/v1/sources?after=a%2Fb' ? { status: 200, body: { sources: [row] } } : undefined,
  );
  const { exitCode, stdout, stderr } = await run(['sources', ...to]);
  assert.equal(exitCode, 0, stderr);
  const [head, first, second] = stdout.split('\n');
  assert.match(head ?? '', /^STATE +NAME +WHAT CAME$/);
  assert.match(first ?? '', /^heard +web-1 \(Front.*6 events, 0\.5\/s, 1 kept raw \(json_invalid 1\), 2 refused/);
  assert.match(first ?? '', /last 2026-03-01 12:00:03Z$/);
  assert.match(second ?? '', /^waiting +web-2 +0 events, 0\/s, never heard$/);
  assert.doesNotMatch(stdout, /\u001b/);
  assert.equal((await run(['sources', '--json', ...to])).stdout.split('\n').length, 3);
  server.documents.set('/v1/sources', { sources: [] });
  const none = await run(['sources', 'list', ...to]);
  assert.equal(none.stdout, '');
  assert.match(none.stderr, /^No source yet\nhint: /);
});
