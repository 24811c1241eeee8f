import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const access = ['--server', server.url, '--key', server.key];

const sensor = {
  id: '00112233aabbccdd',
  host: 'web-1\u001b[31m',
  state: 'degraded',
  since_ms: 1_767_323_045_000,
  problems: [{ code: 'key_changed', text: 'Another key signs\nin its name' }],
  collectors: [
    { name: 'processes', state: 'lossy', records: 3, problem: 'short ones', remedy: 'apt install auditd' },
    { name: 'journal', state: 'blind', records: 0, problem: 'everything' },
    { name: 'wtmp', state: 'sees', records: 1 },
  ],
  figures: { cpu_percent: 0.5, rss_bytes: 62_914_560, waiting: 2, spool_bytes: 10, lost: 1, slow_factor: 1 },
  shown_key_id: 'ffffffffffffffff',
};

test('each sensor is listed with what is wrong, what it cannot see and what would change it; no text of it steers the terminal', async () => {
  server.documents.set('/v1/sensors', { sensors: [sensor] });
  const { exitCode, stdout, stderr } = await run(['sensors', ...access]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(
    stdout,
    [
      '00112233aabbccdd  degraded  web-1  since 2026-01-02T03:04:05Z  2 waiting, 1 lost, 60 MiB, 0.5 % of a core',
      '    ! Another key signs in its name',
      '    sallyport sensors accept-key 00112233aabbccdd ffffffffffffffff',
      '    ~ processes  misses short ones',
      '                 see more: apt install auditd',
      '    ✘ journal    cannot see everything',
      '    ✔ wtmp       sees',
      '',
    ].join('\n'),
  );
  server.documents.set('/v1/sensors', {
    sensors: [{ ...sensor, collectors: [], signing_key_id: 'eeeeeeeeeeeeeeee', key_accepted: false }],
  });
  const unaccepted = await run(['sensors', ...access]);
  assert.match(unaccepted.stdout, /\n {4}sallyport sensors accept-key 00112233aabbccdd e{16}\n$/);
  const json = await run(['sensors', 'list', '--json', ...access]);
  assert.equal(JSON.parse(json.stdout).id, sensor.id);
});

test('what another host has to run is printed with a key bound to it; an address in clear gets no key', async () => {
  server.documents.set('/v1/sensors/install', {
    sha256: 'a',
    steps: [{ title: 'Key', text: "cat > key <<'E'\n{{key}}\nE\ncurl {{address}}/v1/sensors/bundle" }],
  });
  const before = server.requests.length;
  for (const [host, address] of [
    ['web-2', 'http://198.51.100.7'],
    ['web-2', "https://x' ; id"],
    ['a b', 'https://sallyport.example'],
  ])
    assert.equal((await run(['sensors', 'install', host ?? '', '--address', address ?? '', ...access])).exitCode, 2);
  assert.equal(server.requests.length, before);
  const address = 'https://sallyport.example:8470';
  const { stdout, stderr, exitCode } = await run(['sensors', 'install', 'Web-2', '--address', address, ...access]);
  assert.equal(exitCode, 0, stderr);
  assert.match(
    stdout,
    /^# Key\ncat > key <<'E'\nsp_new_\d+\nE\ncurl https:\/\/sallyport\.example:8470\/v1\/sensors\/bundle\n/,
  );
  assert.match(stderr, /as root on web-2/);
});
