import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeServer } from '../testing/fake-server.ts';
import { run } from '../testing/run-cli.ts';

const server = await startFakeServer();
after(() => server.close());

test('results go on behind an entry that is not kept any more, and show nothing a sender wrote for the terminal', async () => {
  const received = '2026-03-01T11:59:00.000Z';
  const matches = [7, 8].map((index) => ({ position: `1/${index}`, received, rules: ['r'], proof: '' }));
  server.documents.set('/v1/hunts/5f1abf38c0a94c6b8d2e7f10/results', { matches });
  const event = { class_uid: 1007, message: 'kept\u001b[2J\u202eone' };
  server.documents.set('/v1/events/1/8', { position: '1/8', received, event });
  const { exitCode, stdout, stderr } = await run(['hunt', 'results', '5f1abf38c0a94c6b8d2e7f10'], {
    environment: { SALLYPORT_SERVER: server.url, SALLYPORT_KEY: server.key },
  });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^2026-03-01 11:59:00Z {2}1\/7 {2}\(not kept any more\)\n.*kept one\n$/);
  assert.match(stderr, /2 events/);
});
