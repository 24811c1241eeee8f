import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const access = ['--server', server.url, '--key', server.key];

test('history tells by which mappings it is shown and how far that is; nothing the server says steers the terminal', async () => {
  const said = async (document: Record<string, string | number>): Promise<string> => {
    server.documents.set('/v1/search/remap', document);
    const { stdout, stderr, exitCode } = await run(['history', ...access]);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  assert.equal(
    await said({ state: 'none', mappings: 'sealed', kept: 0 }),
    'History is shown as each event was recorded\n',
  );
  assert.equal(
    await said({ state: 'running', mappings: 'today', through: '1/7', until: '1/\u001b[31m9', kept: 2 }),
    "History is being shown by today's mappings: events before 1/7 are there, up to 1/9 follow; about 2 events could not be mapped and stayed as recorded\n",
  );
  assert.match(
    await said({ state: 'done', mappings: 'older', until: '1/9', kept: 0 }),
    /before 1\/9 .* changed since\n$/,
  );
});

test('a remap is asked for by that word alone, and a search for the word stays a search', async () => {
  server.documents.set('/v1/search/remap', { state: 'asked', mappings: 'today', kept: 0 });
  server.documents.set('/v1/events', { events: [], elapsed_ms: 1 });
  const before = server.requests.length;
  assert.equal((await run(['search', 'remap', ...access])).exitCode, 0);
  assert.deepEqual(
    server.requests.slice(before).map((line) => line.split('?')[0]),
    ['GET /v1/events'],
  );
  const { stdout, exitCode } = await run(['history', 'remap', '--sealed', ...access]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /about to be filled again/);
  assert.equal(server.requests.at(-1), 'POST /v1/search/remap');
});
