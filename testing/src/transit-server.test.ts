import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openBaoProgram, startOpenBao } from './openbao.ts';
import { recordedAnswers, transitAnswers } from './transit-answers.ts';
import type { TransitPlace } from './transit-asking.ts';
import { startTransitServer } from './transit-server.ts';

async function start(context: TestContext, run: (directory: string) => Promise<TransitPlace>): Promise<TransitPlace> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-transit-'));
  const server = await run(directory);
  context.after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });
  return server;
}

const recorded = readFileSync(recordedAnswers, 'utf8').trimEnd().split('\n');

test('the transit server of the tests answers as the real OpenBao did, status and body', async (context) => {
  assert.deepEqual(await transitAnswers(await start(context, startTransitServer)), recorded);
});

// Without the program this is no test that was left out: the record stands for it.
const program = openBaoProgram();
if (program !== undefined) {
  test('the real OpenBao answers as it did when the record was made', async (context) => {
    const server = await start(context, async (directory) => startOpenBao(program, directory));
    assert.deepEqual(await transitAnswers(server), recorded);
  });
}

test('what the transit server of the tests does not know it refuses aloud', async (context) => {
  const server = await start(context, startTransitServer);
  await server.ask('POST', 'sys/mounts/t', { type: 'transit' });
  for (const [path, body] of [
    ['t/keys/a', { derived: true }],
    ['t/keys/a', { type: 'ed25519' }],
    ['t/encrypt/a', { plaintext: 'AAAA', batch_input: [] }],
    ['sys/policies/acl/p', { policy: 'path "t/+/a" { capabilities = ["read"] }' }],
    ['sys/policies/acl/p', { policy: 'path "t/a" { capabilities = ["read"] min_wrapping_ttl = "1s" }' }],
    ['auth/token/create', { policies: [], ttl: '1s' }],
    ['sys/seal', {}],
  ] as const)
    assert.equal((await server.exchange('POST', path, { token: server.token, body })).status, 501, path);
});
