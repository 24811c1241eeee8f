import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const suite = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));
const client = fileURLToPath(new URL('conformance-client.fixture.ts', import.meta.url));
let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-sign-in-conformance-'));
  // The suite splits a command at its spaces and gives it to a shell: a checkout may have some in its path.
  writeFileSync(join(directory, 'client.sh'), '#!/bin/sh\nexec "$SALLYPORT_NODE" "$SALLYPORT_CLIENT" "$@"\n', {
    mode: 0o700,
  });
});
after(() => rmSync(directory, { recursive: true, force: true }));

async function conforms(...which: string[]): Promise<void> {
  const command = join(directory, 'client.sh');
  const child = spawn(process.execPath, [suite, 'client', '--command', command, '--timeout', '120000', ...which], {
    cwd: directory,
    env: { ...process.env, SALLYPORT_NODE: process.execPath, SALLYPORT_CLIENT: client },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, output.slice(-4000));
  assert.match(output, /passed/i);
}

test('the conformance suite of MCP for clients that sign in passes through the gateway', () =>
  conforms('--suite', 'auth'));

// Not among them: two of 2025-03-26, where nobody says where the metadata are, or they name another issuer than the one they were asked of;
// and sign-ins without a person.
for (const name of ['resource-mismatch', 'offline-access-scope'])
  test(`so does what later versions add: ${name}`, () => conforms('--scenario', `auth/${name}`));
