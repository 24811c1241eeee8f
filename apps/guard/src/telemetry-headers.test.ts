import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromPs, harnessProcess } from './harness-process.ts';
import { keepTelemetry, telemetryHeaders } from './telemetry-headers.ts';

const state = mkdtempSync(join(tmpdir(), 'sallyport-telemetry-'));
after(() => rmSync(state, { recursive: true, force: true }));
const folder = join(state, 'sallyport', 'agent-telemetry');
const credential = { token: 'spt_of-this-run', server: 'https://sallyport.example' };
const environment = {
  XDG_STATE_HOME: state,
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://sallyport.example/v1/agent/telemetry',
};
const ours = '{"authorization":"Bearer spt_of-this-run"}';
const main = join(import.meta.dirname, 'main.ts');

test('the process of a harness gets the credential for telemetry of its run, from the guard it starts by a shell or not', async () => {
  await keepTelemetry(environment, 'claude-code', credential);
  assert.equal(await telemetryHeaders(environment, 'claude-code'), ours);
  const [name = ''] = readdirSync(folder);
  assert.doesNotMatch(name, /spt_/);
  assert.deepEqual([statSync(join(folder, name)).mode & 0o777, statSync(folder).mode & 0o777], [0o600, 0o700]);
  // What began in this very process is of its parent; who is started by us is of us.
  const of = await harnessProcess(process.pid);
  assert.match(of ?? '', new RegExp(`^${process.pid} `));
  const program = `${process.execPath} ${main} telemetry claude-code; exit $?`;
  const isRead = spawnSync('sh', ['-c', program], { env: { ...environment, SALLYPORT_AGENT_TOKEN: 'spa_x' } });
  assert.deepEqual([isRead.stdout.toString(), isRead.stderr.toString(), isRead.status], ['{}', '', 0]);
});

test('nothing of it goes to anybody else', async () => {
  const elsewhere = [
    { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://collector.example/v1/logs' },
    { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://sallyport.example/v1/agent/telemetry.evil' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://collector.example' },
    { OTEL_METRICS_EXPORTER: 'otlp' },
    { OTEL_TRACES_EXPORTER: 'otlp' },
    { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: '' },
  ];
  for (const more of elsewhere)
    assert.equal(await telemetryHeaders({ ...environment, ...more }, 'claude-code'), '{}', JSON.stringify(more));
  assert.equal(await telemetryHeaders({ ...environment, OTEL_METRICS_EXPORTER: 'none' }, 'claude-code'), ours);
  assert.equal(await telemetryHeaders(environment, 'claude-code; rm'), '{}');
});

test('a run that "agent run" began has its own, and a credential of its hooks is never sent', async () => {
  const begun = { ...environment, SALLYPORT_AGENT_TOKEN: 'spa_x', SALLYPORT_AGENT_SERVER: credential.server };
  const own = { ...begun, SALLYPORT_AGENT_TELEMETRY_TOKEN: 'spt_own' };
  assert.equal(await telemetryHeaders(own, 'claude-code'), '{"authorization":"Bearer spt_own"}');
  assert.equal(await telemetryHeaders(begun, 'claude-code'), '{}');
});

test('what others may write, what is old and what is damaged is nobody’s word', async () => {
  const [name = ''] = readdirSync(folder);
  const file = join(folder, name);
  const none = () => telemetryHeaders(environment, 'claude-code', { endMs: 0 });
  chmodSync(file, 0o644);
  assert.equal(await none(), undefined);
  chmodSync(file, 0o600);
  assert.equal(await none(), ours);
  utimesSync(file, 1, 1);
  assert.equal(await none(), undefined);
  for (const text of [
    '',
    'null',
    '[]',
    '{"token":7,"server":"https://sallyport.example"}',
    '{"token":"spt_x\\ny","server":"s"}',
  ]) {
    writeFileSync(file, text);
    assert.equal(await none(), undefined);
  }
  writeFileSync(join(folder, 'old.json'), '{}');
  utimesSync(join(folder, 'old.json'), 1, 1);
  await keepTelemetry(environment, 'claude-code', credential);
  assert.deepEqual(readdirSync(folder), [name]);
  assert.equal(await none(), ours);
  // A place that is none.
  const noFolder = { XDG_STATE_HOME: join(folder, name) };
  await keepTelemetry(noFolder, 'claude-code', credential);
  assert.equal(await telemetryHeaders(noFolder, 'claude-code', { endMs: 0 }), undefined);
});

test('one odd entry among what is old ends nothing, and the rest is cleared up', async () => {
  const odd = mkdtempSync(join(tmpdir(), 'sallyport-telemetry-odd-'));
  after(() => rmSync(odd, { recursive: true, force: true }));
  const there = join(odd, 'sallyport', 'agent-telemetry');
  mkdirSync(join(there, 'a-folder'), { recursive: true });
  symlinkSync('nowhere', join(there, 'b-link'));
  writeFileSync(join(there, 'z-old.json'), '{}');
  for (const name of ['a-folder', 'z-old.json']) utimesSync(join(there, name), 1, 1);
  const environmentThere = { ...environment, XDG_STATE_HOME: odd };
  await keepTelemetry(environmentThere, 'claude-code', credential);
  assert.equal(await telemetryHeaders(environmentThere, 'claude-code', { endMs: 0 }), ours);
  const left = readdirSync(there);
  assert.deepEqual([left.includes('a-folder'), left.includes('z-old.json'), left.length], [true, false, 3]);
});

test('between a harness and us stand shells, and not many; another with its number is another', async () => {
  const chain = (names: readonly string[]) => async (pid: number) => {
    const name = names[pid - 10];
    return name === undefined ? undefined : { name, parent: pid + 1, began: 'then' };
  };
  assert.equal(await harnessProcess(10, chain(['claude'])), '10 then');
  assert.equal(await harnessProcess(10, chain(['sh', 'bash', 'claude'])), '12 then');
  assert.equal(await harnessProcess(10, chain(['sh', 'sh', 'sh', 'sh', 'claude'])), undefined);
  assert.equal(await harnessProcess(10, chain(['sh'])), undefined);
  assert.equal(await harnessProcess(1), undefined);
  const [here, there] = [await harnessProcess(process.pid), await fromPs(process.pid)];
  assert.ok(here !== undefined);
  if (there !== undefined) assert.deepEqual([there.parent, there.began !== ''], [process.ppid, true]);
});
