import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { hashedName } from './hashed-name.ts';
import { noteMissed, takeOverMissed, tellMissed } from './missed-hooks.ts';

const state = mkdtempSync(join(tmpdir(), 'sallyport-missed-'));
after(() => rmSync(state, { recursive: true, force: true }));
const environment = { XDG_STATE_HOME: state };
const folder = join(state, 'sallyport', 'agent-missed');

/** What is heard, by tool; while `isDown`, a request is cut off after `meanwhile`. */
async function listening() {
  const heard: string[] = [];
  const way = { isDown: false, meanwhile: async (): Promise<void> => undefined };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      if (way.isDown) {
        void way.meanwhile().then(() => request.socket.destroy());
        return;
      }
      const told = parseJson(body);
      const hooks = isJsonObject(told) && Array.isArray(told['hooks']) ? told['hooks'].filter(isJsonObject) : [];
      heard.push(...hooks.map(({ tool }) => String(tool)));
      response.end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { heard, way, credential: { token: 'spa_x', server: `http://127.0.0.1:${address.port}` } };
}
const missed = (tool: string) => ({ atMs: 1, tool, went: true });

test('what is missed while something is told in vain stands beside it', async () => {
  const { heard, way, credential } = await listening();
  await noteMissed(environment, credential, missed('first'));
  way.isDown = true;
  way.meanwhile = () => noteMissed(environment, credential, missed('second'));
  await tellMissed(environment, credential, undefined);
  way.isDown = false;
  await tellMissed(environment, credential, undefined);
  assert.deepEqual(heard.toSorted(), ['first', 'second']);
  assert.throws(() => readdirSync(folder), { code: 'ENOENT' });
});

test('what a killed hook had taken is told by the next, and half a line keeps nothing else back', async () => {
  const { heard, credential } = await listening();
  await noteMissed(environment, credential, missed('taken'));
  const [file] = readdirSync(folder);
  const path = join(folder, file ?? assert.fail());
  const { pid } = spawnSync(process.execPath, ['--version']);
  renameSync(path, `${path}.${pid}`);
  await noteMissed(environment, credential, missed('later'));
  appendFileSync(path, '{"at_ms":1,"to');
  await tellMissed(environment, credential, undefined);
  assert.deepEqual(heard.toSorted(), ['later', 'taken']);
  assert.throws(() => readdirSync(folder), { code: 'ENOENT' });
});

test('what a version before kept beside the runs is told; of others it stays for them, until nobody can tell it any more', async () => {
  const { heard, credential } = await listening();
  const runs = join(state, 'sallyport', 'agent-runs');
  mkdirSync(runs, { recursive: true });
  const { pid } = spawnSync(process.execPath, ['--version']);
  const own = `${await hashedName(credential.token)}.missed`;
  const line = (tool: string): string => `${JSON.stringify({ at_ms: 1, tool, went: true })}\n`;
  writeFileSync(join(runs, own), line('kept'));
  writeFileSync(join(runs, `${own}.${pid}`), line('taken'));
  const running = `${'b'.repeat(32)}.missed.${process.pid}`;
  const [theirs, theirsLongAgo] = [`${'c'.repeat(32)}.missed`, `${'d'.repeat(32)}.missed`];
  for (const name of [running, theirs, theirsLongAgo, 'a-run.json']) writeFileSync(join(runs, name), line('other'));
  for (const name of [running, theirsLongAgo]) utimesSync(join(runs, name), 1, 1);
  await takeOverMissed(environment, credential);
  await tellMissed(environment, credential, undefined);
  assert.deepEqual(heard.toSorted(), ['kept', 'taken']);
  assert.deepEqual(readdirSync(runs).toSorted(), ['a-run.json', running, theirs].toSorted());
  assert.throws(() => readdirSync(folder), { code: 'ENOENT' });
  // A folder that is none keeps no hook back.
  rmSync(runs, { recursive: true });
  writeFileSync(runs, 'no folder');
  await takeOverMissed(environment, credential);
  rmSync(runs);
});
