import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@sallyport/testing/free-port';

const main = join(import.meta.dirname, '../main.ts');
const behind = fileURLToPath(new URL('conformance-server.fixture.ts', import.meta.url));
const suite = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));
const directory = mkdtempSync(join(tmpdir(), 'sallyport-conformance-'));
const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
  rmSync(directory, { recursive: true, force: true });
});

test('the conformance suite of MCP passes through the gateway over HTTP', async () => {
  const port = await freePort();
  const tokenFile = join(directory, 'token');
  const gateway = spawn(
    process.execPath,
    [
      main,
      'mcp',
      '--name',
      'conformance',
      '--local',
      join(directory, 'pins.json'),
      '--let',
      'sampling,elicitation',
      '--listen',
      String(port),
      '--listen-token',
      tokenFile,
      '--',
      process.execPath,
      behind,
    ],
    { stdio: ['ignore', 'inherit', 'pipe'] },
  );
  closing.push(() => void gateway.kill('SIGTERM'));
  await new Promise((resolve) => gateway.stderr.once('data', resolve));
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  // The suite has no way to name a token: it is added on the way, and nothing else.
  const adding = createServer((asked, answered) => {
    const on = request(
      { host: '127.0.0.1', port, method: asked.method, path: asked.url, headers: { ...asked.headers, authorization } },
      (answer) => {
        answered.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(answered);
      },
    );
    on.on('error', () => answered.destroy());
    asked.pipe(on);
    answered.on('close', () => on.destroy());
  });
  await new Promise<void>((resolve) => adding.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => adding.closeAllConnections(),
    () => void adding.close(),
  );
  const bound = adding.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const child = spawn(
    process.execPath,
    [suite, 'server', '--url', `http://localhost:${bound.port}/mcp`, '--suite', 'all'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, output.slice(-4000));
  assert.match(output, /passed/i);
});
