import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());
const access = ['--server', server.url, '--key', server.key];

const waiting = {
  id: '00112233aabbccdd',
  name: 'Gate\u001b[31m',
  place: 'Pole',
  site: 'Mill',
  kind: 'phone',
  state: 'waiting',
  fingerprint: '32996 83521 93050 70195 07380 67917',
  last_seen_ms: 1_767_323_045_000,
  about: { name: 'Pixel\n9' },
};

test('a device that waits is listed with what to compare and what to type; no text of it steers the terminal', async () => {
  server.documents.set('/v1/devices', {
    devices: [waiting, { ...waiting, state: 'approved', place: '', site: '' }],
  });
  const { exitCode, stdout, stderr } = await run(['devices', ...access]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(
    stdout,
    [
      'ID                STATE     NAME AND KIND',
      '00112233aabbccdd  waiting   Gate  phone  Pole, Mill  seen 2026-01-02T03:04:05Z',
      '    must stand on its screen: 32996 83521 93050 70195 07380 67917',
      '    calls itself Pixel 9',
      '    sallyport devices approve 00112233aabbccdd',
      '00112233aabbccdd  approved  Gate  phone  seen 2026-01-02T03:04:05Z',
      '',
    ].join('\n'),
  );
  const json = await run(['devices', 'list', '--json', ...access]);
  assert.equal(JSON.parse(json.stdout.split('\n')[0] ?? '').id, waiting.id);
});

test('a kind there is none of is refused before the server is asked', async () => {
  const before = server.requests.length;
  assert.equal((await run(['devices', 'enrol', 'Gate', '--kind', 'toaster', ...access])).exitCode, 2);
  assert.equal(server.requests.length, before);
});
