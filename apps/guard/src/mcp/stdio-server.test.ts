import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHttpServer } from './http-server.ts';
import { readOwnFile } from './locked-file.ts';
import { createStdioServer, withoutOurs } from './stdio-server.ts';

const targetOf = (...command: readonly [string, ...string[]]): string =>
  createStdioServer({ command, environment: {}, maxAnswerBytes: 1 }).target;
const addressOf = (url: string): string =>
  createHttpServer({ url: new URL(url), maxAnswerBytes: 1, say: () => undefined }).target;

test('what a target leaves out, cuts or writes alike is another server all the same, and no secret is told', () => {
  const long = 'x'.repeat(1200);
  for (const [one, other] of [
    [targetOf('npx', 'server', '--token=a'), targetOf('npx', 'server', '--token=a --preload=/tmp/evil.js')],
    [targetOf('npx', 'server', '--token', 'a'), targetOf('npx', 'server', '--token', 'b')],
    [targetOf('npx', `${long}a`), targetOf('npx', `${long}b`)],
    [targetOf('npx', 'server', 'a b'), targetOf('npx', 'server', 'a', 'b')],
    [addressOf('https://mcp.example/v1?tenant=a'), addressOf('https://mcp.example/v1?tenant=b')],
    [addressOf('https://mcp.example/v1'), addressOf('https://mcp.example/v1?')],
  ] as const) {
    assert.notEqual(one, other);
    assert.match(one, / sha256:[0-9a-f]{64}$/);
    assert.ok(one.length <= 1100);
  }
  assert.equal(targetOf('npx', 'server', 'a'), targetOf('npx', 'server', 'a'));
  assert.match(targetOf('npx', 'server', '--token=sk-123'), /^npx server --token=… sha256:/);
  assert.match(addressOf('https://mcp.example/v1?key=sk-123'), /^https:\/\/mcp\.example\/v1\?… sha256:/);
});

test('the credential of the run goes on in no variable, and telemetry of the person stays theirs', () => {
  const token = 'spa_1234567890abcdef+/';
  const ours = {
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://sallyport.example/v1/agent/telemetry',
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: `authorization=Bearer%20${token}`,
    OTEL_LOGS_EXPORT_INTERVAL: '2000',
  };
  const environment = {
    PATH: '/bin',
    SALLYPORT_AGENT_TOKEN: token,
    SALLYPORT_AGENT_SERVER: 'https://sallyport.example',
  };
  // The one for telemetry alone is told by its own variable.
  const telemetry = 'spt_1234567890abcdef';
  assert.deepEqual(
    withoutOurs({
      ...environment,
      SALLYPORT_AGENT_TELEMETRY_TOKEN: telemetry,
      ...ours,
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: `authorization=Bearer%20${telemetry}`,
      COPIED: `x${telemetry}y`,
    }),
    { PATH: '/bin' },
  );
  assert.deepEqual(withoutOurs({ ...environment, ...ours, COPIED: `x${token}y`, CODED: encodeURIComponent(token) }), {
    PATH: '/bin',
  });
  const theirs = { ...ours, OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'x-key=mine' };
  assert.deepEqual(withoutOurs({ ...environment, ...theirs }), { PATH: '/bin', ...theirs });
  assert.deepEqual(withoutOurs({ PATH: '/bin', EMPTY: '' }), { PATH: '/bin', EMPTY: '' });
});

test('a file with a credential that others may read is no credential', { skip: process.platform === 'win32' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-own-'));
  try {
    const file = join(directory, 'token');
    writeFileSync(file, 'a-token-of-twenty-signs');
    for (const mode of [0o640, 0o604, 0o610, 0o644]) {
      chmodSync(file, mode);
      assert.throws(() => readOwnFile(file, 100, { isSecret: true }), /holds a credential and may be read by others/);
      assert.equal(readOwnFile(file, 100), 'a-token-of-twenty-signs');
    }
    chmodSync(file, 0o600);
    assert.equal(readOwnFile(file, 100, { isSecret: true }), 'a-token-of-twenty-signs');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
