import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { reportStatus } from '../status-report.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run, type CliRun, type RunOptions } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());

const well: JsonObject = {
  version: '0.1.0',
  head: '1/4711',
  ledger: { up: true, intake_allowed: true, clock_jump: null },
  search: { up: true, rows: 4711, lag: 0, error: null },
  detection: { rulesLoaded: 44, rulesRefused: 0, eventsScanned: 9, matches: 1 },
  alerts: { created: 1, suppressed: 0 },
  projections: [{ name: 'event-search', state: 'caught up', cursor: '1/4711', error: null }],
  processes: { server: { pid: 1, memory_bytes: 230_000_000 }, sealer: { pid: 2 }, store: { pid: 3 } },
};

function status(health: JsonValue, args: readonly string[] = [], options: RunOptions = {}): Promise<CliRun> {
  server.documents.set('/v1/health', health);
  return run(['status', ...args], {
    environment: { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key },
    ...options,
  });
}

test('the first line says that all is well, then come aligned lines', async () => {
  const { exitCode, stdout } = await status(well);
  assert.equal(exitCode, 0);
  assert.deepEqual(stdout.split('\n'), [
    `✔ ok  Sallyport 0.1.0 at ${server.url}`,
    '  ledger     next entry 1/4711, takes events',
    '  search     4,711 events, caught up',
    '  detection  44 rules, 9 events scanned since its start, 1 match',
    '  alerts     1 made since its start, 0 suppressed',
    '  memory     219 MB of the server process',
    '',
  ]);
});

test('whatever is wrong is said in words, first, and in the exit code; --json prints what the server told', async () => {
  const faults: [JsonObject, RegExp][] = [
    [{ ledger: { up: false, error: 'peer_gone' } }, /nothing is recorded: the ledger is down \(peer_gone\)/],
    [{ ledger: { up: true, intake_allowed: false } }, /no events are taken: the disk of the data directory/],
    [{ search: { up: false, error: 'killed' } }, /search is down \(killed\)/],
    [{ detection: { rulesLoaded: 0 } }, /nothing is detected: no rule is loaded/],
    [{ projections: [{ name: 'alerts', state: 'stopped', error: 'x' }] }, /"alerts" is stopped \(x\)/],
    [{ processes: { sealer: { pid: null } } }, /the process "sealer" does not run/],
    [{ status: 'degraded' }, /the server says "degraded"/],
  ];
  for (const [fault, said] of faults) {
    const { exitCode, stdout, stderr } = await status({ ...well, ...fault });
    assert.equal(exitCode, 1);
    assert.match(stdout, /^✘ not well {2}Sallyport 0\.1\.0 at http.*\n {2}problem {4}/);
    assert.match(stdout, said);
    assert.match(stderr, /^error: The server is not well: .*\nhint: /);
    const json = await status({ ...well, ...fault }, ['--json']);
    assert.equal(json.exitCode, 1);
    assert.deepEqual(JSON.parse(json.stdout), { ...well, ...fault });
  }
});

test('being behind and refused rules are told and are no fault', async () => {
  const { exitCode, stdout } = await status({
    ...well,
    search: { up: true, rows: 1, lag: 5000 },
    detection: { rulesLoaded: 1, rulesRefused: 2 },
  });
  assert.equal(exitCode, 0);
  assert.match(stdout, /note {7}search is 5,000 entries behind\n {2}note {7}2 rules refused/);
});

test('a witness that is silent is named before the log has gone unwitnessed for too long; one that refuses counts at once', async () => {
  const witnesses = {
    configured: 2,
    signing: 'open',
    witnessed_entries: 40,
    tail_age_seconds: 70,
    tail_too_old: false,
  };
  const told = (more: JsonObject): Promise<CliRun> => status({ ...well, witnesses: { ...witnesses, ...more } });
  const silent = await told({ troubled: [{ name: 'w1.example', state: 'away' }] });
  assert.equal(silent.exitCode, 0);
  assert.match(
    silent.stdout,
    /^! needs a look {2}Sallyport .*\n {2}warning {4}witness "w1\.example" does not answer; see /,
  );
  assert.match(
    silent.stdout,
    /^ {2}witnesses {2}2 witnesses, 1 of them in trouble, 40 entries seen, the next one not for 70 s$/m,
  );
  const old = await told({ troubled: [{ name: 'w1.example', state: 'away' }], tail_too_old: true });
  assert.deepEqual([old.exitCode, old.stdout.startsWith('✘ not well')], [1, true]);
  const refusing = await told({ troubled: [{ name: 'w1.example', state: 'refusing' }] });
  assert.equal(refusing.exitCode, 1);
  assert.match(refusing.stderr, /witness "w1\.example" REFUSES/);
  const sound = await told({ troubled: [], tail_age_seconds: 0 });
  assert.match(sound.stdout, /^✔ ok[^]*\n {2}witnesses {2}2 witnesses, 40 entries seen\n/);
});

test('nothing is called well that does not say so, and no answer whatever ends in a fault or acts on the terminal', async () => {
  for (const empty of [null, {}, [], 7, 'ok']) assert.equal((await status(empty)).exitCode, 1);
  fc.assert(fc.property(fc.jsonValue(), (value) => void reportStatus(JSON.parse(JSON.stringify(value)))));
  const hostile = '\x1b[2J\x1b]0;x\x07\u202e\r\n✔ ok';
  const { stdout, stderr } = await status({ ...well, version: hostile, head: hostile, status: hostile });
  for (const text of [stdout, stderr]) assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  assert.doesNotMatch(stdout, /^✔ ok/m);
});

test('colour only on a terminal that wants it, and the words are the same without', async () => {
  const environment = { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key };
  const plain = await status(well);
  const coloured = await status(well, [], { terminal: true });
  assert.match(coloured.stdout, /\x1b\[32m✔ ok\x1b\[0m/);
  assert.equal(coloured.stdout.replaceAll(/\x1b\[\d+m/g, ''), plain.stdout);
  const refused = await status(well, [], { terminal: true, environment: { ...environment, NO_COLOR: '1' } });
  assert.equal(refused.stdout, plain.stdout);
});

test('exit code 3 when the server is not there, in words and with what to do', async () => {
  const { exitCode, stderr } = await status(well, ['--server', 'http://127.0.0.1:1']);
  assert.equal(exitCode, 3);
  assert.match(stderr, /^error: Cannot reach http:\/\/127\.0\.0\.1:1: nothing listens there\nhint: start the server/);
});
