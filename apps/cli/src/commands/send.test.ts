import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fc from 'fast-check';
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { buildZip } from '../testing/build-zip.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run, type CliRun, type RunOptions } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-send-'));
const server = await startFakeServer();
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const file = join(directory, 'events.json');
const state = join(directory, 'state');

beforeEach(async () => {
  server.wipe();
  server.interfere(() => undefined);
  await rm(state, { recursive: true, force: true });
});

function send(args: readonly string[], options: RunOptions = {}): Promise<CliRun> {
  const environment = {
    SALLYPORT_SERVER: server.url,
    SALLYPORT_KEY: server.key,
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: directory,
  };
  return run(['send', ...args], { ...options, environment: { ...environment, ...options.environment } });
}

function numbered(count: number, from = 0): string {
  return Array.from({ length: count }, (_, at) => `{"n":${from + at}}\n`).join('');
}

function postsSince(count: number): number {
  return server.requests.slice(count).filter((request) => request.startsWith('POST /v1/events')).length;
}

test('every event of a file arrives once, in order, in batches, and the summary says so', async () => {
  await writeFile(file, numbered(2500));
  const before = server.requests.length;
  const { exitCode, stdout, stderr } = await send([file]);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual([...server.events.values()], numbered(2500).trimEnd().split('\n'));
  assert.equal(postsSince(before), 3);
  assert.match(stdout, /^sent 2,500 events from 1 of 1 file in .* events\/s\n$/);
  assert.match(stderr, /next: sallyport alerts\n$/);
  assert.deepEqual(await readdir(join(state, 'sallyport', 'send')), []);
});

test('sending a file again, even under another name, stores nothing twice', async () => {
  await writeFile(file, numbered(10));
  const copy = join(directory, 'copy.json');
  await writeFile(copy, numbered(10));
  await send([file]);
  const { exitCode, stdout } = await send([file, copy, '--json']);
  assert.equal(exitCode, 0);
  const { sources, seconds, events_per_second, ...counts } = JSON.parse(stdout);
  assert.deepEqual(counts, { files: 2, sent: 0, already_known: 20, kept_raw: 0, left_out: 0 });
  assert.equal(sources[0].source, sources[1].source);
  assert.ok(Number.isFinite(seconds) && Number.isFinite(events_per_second));
  assert.equal(server.events.size, 10);
});

test('pretty-printed events go out on one line each, numbers untouched; what is no JSON goes out as it is', async () => {
  await writeFile(file, '{\n  "id": 9007199254740993\n}\nnot json\n[{"a":1}]');
  const { exitCode, stdout } = await send([file]);
  assert.equal(exitCode, 0);
  assert.deepEqual([...server.events.values()], ['{"id":9007199254740993}', 'not json', '{"a":1}']);
  assert.match(stdout, /sent 3 events, 1 kept raw/);
});

test('an interrupted send goes on behind what was acknowledged', async () => {
  await writeFile(file, numbered(5000));
  const interruption = new AbortController();
  let posts = 0;
  server.interfere((request) => {
    posts += request.method === 'POST' ? 1 : 0;
    if (posts === 3) interruption.abort();
    return undefined;
  });
  const first = await send([file], { signal: interruption.signal });
  assert.equal(first.exitCode, 130);
  assert.match(first.stderr, /Interrupted/);
  server.interfere(() => undefined);
  const before = server.requests.length;
  const second = await send([file]);
  assert.equal(second.exitCode, 0, second.stderr);
  assert.match(second.stderr, /went on at event (999|1,999|2,999)/);
  assert.deepEqual([...server.events.values()], numbered(5000).trimEnd().split('\n'));
  assert.ok(postsSince(before) < 7);
});

test('when the server lost what was acknowledged, the send starts over instead of leaving a gap', async () => {
  await writeFile(file, numbered(3000));
  const interruption = new AbortController();
  let posts = 0;
  server.interfere(() => {
    posts += 1;
    if (posts === 3) interruption.abort();
    return undefined;
  });
  await send([file], { signal: interruption.signal });
  server.wipe();
  server.interfere(() => undefined);
  const { exitCode, stderr } = await send([file]);
  assert.equal(exitCode, 0);
  assert.match(stderr, /starting over/);
  assert.deepEqual(new Set(server.events.values()), new Set(numbered(3000).trimEnd().split('\n')));
});

test('a broken connection and a busy server are tried again, after the time the server asks for', async () => {
  await writeFile(file, numbered(10));
  let posts = 0;
  server.interfere(() => {
    posts += 1;
    if (posts === 1) return 'break';
    if (posts === 2)
      return { status: 503, headers: { 'retry-after': '7' }, body: { code: 'overloaded', title: 'Busy' } };
    return undefined;
  });
  const { exitCode, waitedMs, stderr } = await send([file]);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(waitedMs, [187.5, 7000]);
  assert.equal(server.events.size, 10);
});

test('retrying ends: a server that stays busy and one that is not there both give exit code 3 and a hint', async () => {
  await writeFile(file, numbered(1));
  server.interfere(() => ({ status: 503 }));
  const busy = await send([file]);
  assert.equal(busy.exitCode, 3);
  assert.equal(busy.waitedMs.length, 9);
  const gone = await send([file, '--server', 'http://127.0.0.1:1', '--key', 'sp_x']);
  assert.equal(gone.exitCode, 3);
  assert.equal(gone.waitedMs.length, 2);
  assert.match(gone.stderr, /error: Cannot reach http:\/\/127\.0\.0\.1:1: .*\nhint: start the server/);
});

test('a wrong key is refused at once with exit code 4', async () => {
  await writeFile(file, numbered(1));
  const { exitCode, stderr, waitedMs } = await send([file], { environment: { SALLYPORT_KEY: 'sp_wrong' } });
  assert.equal(exitCode, 4);
  assert.match(stderr, /^error: Unauthorized\nhint: give a valid key/m);
  assert.deepEqual(waitedMs, []);
});

test('a batch too large for the server is halved; only an event too large alone is left out, by its number', async () => {
  await writeFile(file, '{"n":0}\n{"n":"much larger than the others"}\n{"n":2}\n{"n":3}\n');
  server.interfere((_, body) => (gunzipSync(body).length > 20 ? { status: 413 } : undefined));
  const { exitCode, stderr } = await send([file]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /event 1 is too large for the server and was left out/);
  assert.deepEqual([...server.events.values()], ['{"n":0}', '{"n":2}', '{"n":3}']);
});

test('a file that grows is sent as one source: what is new is added, what is not finished waits', async () => {
  await writeFile(file, `${numbered(3)}{"n":`);
  const first = await send([file, '--source', 'web-1']);
  assert.equal(first.exitCode, 0);
  assert.match(first.stderr, /event 3 is not written to its end yet/);
  await appendFile(file, '3}\n{"n":4}\n');
  const second = await send([file, '--source', 'web-1', '--json']);
  assert.equal(second.exitCode, 0);
  assert.equal(JSON.parse(second.stdout).sent, 2);
  assert.deepEqual([...server.events.entries()].at(-1), ['web-1 4', '{"n":4}']);
});

test('another content under a name already used is refused: its events would silently be dropped', async () => {
  await writeFile(file, numbered(3));
  await send([file, '--source', 'web-1']);
  await writeFile(file, numbered(3, 100));
  const { exitCode, stderr } = await send([file, '--source', 'web-1']);
  assert.equal(exitCode, 1);
  assert.match(stderr, /another content was sent under that name\nhint: its events would be taken for the old ones/);
  assert.equal((await send([file, file, '--source', 'x'])).exitCode, 2);
});

test('an answer that does not acknowledge every event is not believed', async () => {
  await writeFile(file, numbered(2));
  server.interfere(() => ({ status: 200, body: { accepted: 2, runs: [{ sequence: 0, log: 1, index: 0, count: 1 }] } }));
  const { exitCode, stderr } = await send([file]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Cannot take the answer for 2 events from sequence 0: it acknowledges 1/);
});

test('a file that cannot be read does not keep the next from being sent, and shows in the exit code', async () => {
  await writeFile(file, numbered(3));
  const { exitCode, stderr } = await send([join(directory, 'missing.json'), directory, file]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /Cannot read ".*missing.json": there is no such file\nhint: check the path/);
  assert.equal(server.events.size, 3);
});

test('the members of a zip are one source, numbered through', async () => {
  await writeFile(
    file,
    buildZip([
      { name: 'a.json', content: numbered(2) },
      { name: 'b.json', content: numbered(2, 2) },
    ]),
  );
  assert.equal((await send([file])).exitCode, 0);
  assert.deepEqual([...server.events.values()], numbered(4).trimEnd().split('\n'));
});

test('a key is never sent in clear over a network', async () => {
  await writeFile(file, numbered(1));
  const { exitCode, stderr } = await send([file, '--server', 'http://198.51.100.1:8470', '--key', 'sp_x']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /the connection is not encrypted/);
});

test('killed in the middle of a send, with a request under way, the next run sends the rest: nothing is lost, nothing twice', async () => {
  await writeFile(file, numbered(3000));
  const main = join(import.meta.dirname, '../main.ts');
  const env = { ...process.env, SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key, XDG_STATE_HOME: state };
  for (const killAt of [1, 7, 15]) {
    server.wipe();
    let posts = 0;
    const child = spawn(process.execPath, [main, 'send', file, '--batch', '100'], { env, stdio: 'ignore' });
    server.interfere((request) => {
      if (request.method === 'POST') posts += 1;
      // The server takes this batch; the one who sent it does not live to see the answer.
      if (posts === killAt) child.kill('SIGKILL');
      return undefined;
    });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    assert.ok(server.events.size < 3000);
    server.interfere(() => undefined);
    assert.equal((await send([file])).exitCode, 0);
    assert.deepEqual([...server.events.values()], numbered(3000).trimEnd().split('\n'));
  }
});

test('whatever stands in the note of an earlier send, every event arrives once', async () => {
  await writeFile(file, numbered(20));
  await send([file, '--batch', '5']);
  const sha256 = createHash('sha256').update(numbered(20)).digest('hex');
  const name = createHash('sha256')
    .update(`${server.url}\nfile-${sha256.slice(0, 12)}`)
    .digest('hex')
    .slice(0, 32);
  const number = fc.oneof(fc.integer({ min: -5, max: 40 }), fc.double(), fc.constantFrom(2 ** 53, 1e300, '7', null));
  await mkdir(join(state, 'sallyport', 'send'), { recursive: true });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc
          // An empty ledger gives the place 0, so a note of another place is not true of it.
          .record({ sequence: number, log: number, index: number.filter((index) => Number(index) !== 0) })
          .map((lastAcknowledged) => JSON.stringify({ content: { sha256, sizeBytes: 20 }, lastAcknowledged })),
        fc.string(),
        fc.constant('['.repeat(60_000)),
      ),
      async (note) => {
        server.wipe();
        await writeFile(join(state, 'sallyport', 'send', `${name}.json`), note);
        const { exitCode, stderr } = await send([file, '--batch', '5']);
        assert.equal(exitCode, 0, stderr);
        // The event by which a wrong note was found out came first; all others are in order.
        assert.deepEqual([...server.events.values()].toSorted(), numbered(20).trimEnd().split('\n').toSorted());
      },
    ),
    { numRuns: 100 },
  );
});

test('an acknowledgement of other events than were sent, with gaps or twice the same, is not taken for one', async () => {
  await writeFile(file, numbered(4));
  const run = (sequence: number, count: number, index = 0) => ({ sequence, log: 1, index, count });
  for (const runs of [
    [run(0, 3)],
    [run(0, 2), run(3, 2)],
    [run(0, 2), run(0, 2)],
    [run(4, 4)],
    [run(0, 2.5), run(2.5, 1.5)],
    [run(0, 4, -1)],
    [run(0, 5)],
    [],
    'x',
  ]) {
    server.interfere(() => ({ status: 200, body: { accepted: 4, runs } }));
    const { exitCode, stderr } = await send([file]);
    assert.equal(exitCode, 1, JSON.stringify(runs));
    assert.match(stderr, /Cannot take the answer for 4 events/);
  }
});

test('UTF-16 of either order, a byte order mark, invalid UTF-8 and a line of many megabytes are each one event a line', async () => {
  const text = '{"n":"ä"}\n{"n":2}\n';
  const little = Buffer.from(`\ufeff${text}`, 'utf16le');
  for (const content of [little, Buffer.from(little).swap16(), Buffer.from(`\ufeff${text}`)]) {
    server.wipe();
    await writeFile(file, content);
    assert.equal((await send([file])).exitCode, 0);
    assert.deepEqual([...server.events.values()], text.trimEnd().split('\n'));
  }
  server.wipe();
  await writeFile(file, Buffer.concat([Buffer.from([0x7b, 0xff, 0x7d, 0x0a]), Buffer.from('{"n":1}\n')]));
  assert.equal((await send([file])).exitCode, 0);
  assert.equal(server.events.size, 2);
  server.wipe();
  await writeFile(file, `{"n":1}\n{"n":"${'x'.repeat(40 * 1024 * 1024)}"}\n{"n":3}\n`);
  const { exitCode, stderr } = await send([file]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /event 1 is too large and was left out/);
  assert.deepEqual([...server.events.values()], ['{"n":1}', '{"n":3}']);
});
