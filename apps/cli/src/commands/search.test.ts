import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run, type CliRun } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());

function sallyport(...args: string[]): Promise<CliRun> {
  return run(args, { environment: { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key } });
}

for (let index = 0; index < 450; index += 1) {
  const event = { class_uid: 1007, device: { hostname: 'web-1' }, message: `event ${index}` };
  server.found.push({
    position: `1/${index}`,
    received: '2026-03-01T11:59:00.000Z',
    event: index === 0 ? null : event,
  });
}

test('search prints a row an event and how long it took, and follows the pages up to --limit', async () => {
  const { exitCode, stdout, stderr } = await sallyport(
    'search',
    'class:1007',
    '--limit',
    '430',
    '--from',
    '1h',
    '--sort',
    'oldest',
  );
  assert.equal(exitCode, 0);
  const rows = stdout.trimEnd().split('\n');
  assert.equal(rows.length, 430);
  assert.equal(
    rows[0],
    '2026-03-01 11:59:00Z  1/0         -         -                         -               (erased)',
  );
  assert.equal(
    rows[1],
    '2026-03-01 11:59:00Z  1/1         process   web-1                     -               event 1',
  );
  assert.match(stderr, /^430 events in 9 ms; there are more: see --limit, or --count for how many\n$/);
  assert.match(
    server.requests[0] ?? '',
    /^GET \/v1\/events\?q=class%3A1007&from=2026-03-01T11%3A00%3A00.000Z&sort=oldest&limit=200$/,
  );
});

test('search --json prints every event as the server gave it', async () => {
  const { stdout, stderr } = await sallyport('search', '--limit', '1000', '--json');
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    server.found,
  );
  assert.equal(stderr, '');
});

test('search --count prints the number alone, --histogram bars over time', async () => {
  server.documents.set('/v1/events/count', { count: 1234, elapsed_ms: 1, rowsRead: 1 });
  server.documents.set('/v1/events/histogram', {
    buckets: [
      { time: '2026-03-01T11:00:00.000Z', count: 10 },
      { time: '2026-03-01T11:01:00.000Z', count: 20 },
    ],
  });
  assert.equal((await sallyport('search', 'x', '--count')).stdout, '1234\n');
  const { stdout } = await sallyport('search', 'x', '--histogram', '--from', '1h', '--interval', '1m');
  assert.deepEqual(stdout.split('\n').slice(0, 2), [
    `2026-03-01 11:00:00Z            10  ${'█'.repeat(20)}`,
    `2026-03-01 11:01:00Z            20  ${'█'.repeat(40)}`,
  ]);
  assert.match(server.requests.at(-1) ?? '', /interval_ms=60000$/);
});

test('a refusal of the server is shown with its code and a hint, and no stack', async () => {
  server.interfere(() => ({
    status: 400,
    body: {
      title: 'The search is not well formed',
      detail: 'Cannot search: "(" is not closed',
      code: 'query_invalid',
      hint: 'close it',
    },
  }));
  const { exitCode, stderr } = await sallyport('search', '(');
  server.interfere(() => undefined);
  assert.equal(exitCode, 1);
  assert.match(stderr, /^error: Cannot search: "\(" is not closed\nhint: close it\n$/);
});

test('what is no Sallyport server is told as such, whatever it answers', async () => {
  server.texts.set('/v1/events', '<html>\x1b[31mhello');
  const html = await sallyport('search');
  assert.match(
    html.stderr,
    /Cannot read the answer of .* must be JSON, not nested deeper than 512\nhint: check that the address/,
  );
  server.texts.delete('/v1/events');
  for (const body of [null, [], 7, { events: 'x' }, { events: [null, 7, 'x', []] }]) {
    server.documents.set('/v1/events', body);
    assert.equal((await sallyport('search')).exitCode, 0);
    server.documents.set('/v1/alerts', body);
    assert.equal((await sallyport('alerts')).exitCode, 0);
  }
});

test('wrong usage gives exit code 2 and a hint, help and version give 0', async () => {
  for (const args of [
    ['serch'],
    ['search', '--nope'],
    [],
    ['send'],
    ['sigma', 'scan'],
    ['search', '--server', 'ftp://x'],
  ]) {
    const { exitCode, stderr } = await sallyport(...args);
    assert.equal(exitCode, 2, args.join(' '));
    if (args.length > 0) assert.match(stderr, /hint: /);
  }
  assert.match((await sallyport('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match((await sallyport('--help')).stdout, /Exit codes: 0 done/);
});

test('a store that is busy is asked again when it says, and somebody is told; another refusal is not repeated', async () => {
  let asked = 0;
  const refuse = (code: string, times: number) =>
    server.interfere(() => {
      asked += 1;
      return asked > times
        ? undefined
        : { status: 503, headers: { 'retry-after': '5' }, body: { code, title: 'The event store is busy' } };
    });
  refuse('store_busy', 2);
  const { exitCode, stderr, waitedMs } = await sallyport('search', '--limit', '1', '--json');
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual([asked, waitedMs], [3, [5000, 5000]]);
  assert.equal(stderr, 'search is busy, asking again in 5 s\n'.repeat(2));
  asked = 0;
  refuse('store_unavailable', 2);
  const refused = await sallyport('search', '--limit', '1');
  server.interfere(() => undefined);
  assert.deepEqual([refused.exitCode === 0, asked], [false, 1]);
});
