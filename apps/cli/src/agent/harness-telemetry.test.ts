import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codexArguments, tellsByDefault } from './harness-telemetry.ts';
import { runEnvironment } from './run-environment.ts';

const directory = mkdtempSync(join(tmpdir(), 'cli-telemetry-'));
after(() => rmSync(directory, { recursive: true }));

function tells(harness: string, file: string, text: string): boolean {
  const home = mkdtempSync(join(directory, 'home-'));
  const at = join(home, file);
  mkdirSync(join(at, '..'), { recursive: true });
  writeFileSync(at, text);
  const own = { home, project: join(directory, 'none') };
  assert.equal(tellsByDefault(harness, { home: own.project, project: home }), tellsByDefault(harness, own));
  return tellsByDefault(harness, own);
}

test('what somebody chose of telemetry stays, also to tell nobody', () => {
  const codex = '.codex/config.toml';
  assert.equal(tells('codex', codex, 'model = "x"\n# [otel]\n[hotel]\notelier = 1\n'), true);
  for (const text of [
    '[otel]\nexporter = "none"\n',
    ' [ otel ]\n',
    'otel.exporter = "none"\n',
    'otel = {}\n',
    '["otel"]\n',
  ])
    assert.equal(tells('codex', codex, `model = "x"\n${text}`), false, text);
  assert.equal(tells('codex', codex, '[otel.exporter.otlp-http]\n'), false);
  const gemini = '.gemini/settings.json';
  assert.equal(tells('gemini-cli', gemini, '{"hooks":{}}'), true);
  assert.equal(tells('gemini-cli', gemini, '{"telemetry":{"enabled":false}}'), false);
  assert.equal(tells('cursor', gemini, '{}'), false);
});

test('Codex hears where to, and never whose run it is, on its command line', () => {
  const folders = { home: mkdtempSync(join(directory, 'home-')), project: join(directory, 'none') };
  const said = codexArguments('https://sallyport.example', '/etc/a "b"\\c.pem', folders);
  assert.deepEqual(said, [
    '-c',
    String.raw`otel.exporter={ otlp-http = { endpoint = "https://sallyport.example/v1/agent/telemetry", protocol = "json", tls = { ca-certificate = "/etc/a \"b\"\\c.pem" } } }`,
    '-c',
    'otel.log_user_prompt=false',
    // What Codex starts does not find the credential under the name that libraries of others look for.
    '-c',
    'shell_environment_policy.exclude=["OTEL_EXPORTER_OTLP_LOGS_*"]',
  ]);
  mkdirSync(join(folders.home, '.codex'));
  writeFileSync(join(folders.home, '.codex', 'config.toml'), '[shell_environment_policy]\nexclude = ["AWS_*"]\n');
  assert.equal(codexArguments('https://s', undefined, folders).includes('shell_environment_policy.exclude'), false);
  assert.equal(codexArguments('https://s', undefined, folders).length, 4, 'what somebody keeps from it stays kept');
});

test('Gemini CLI and Codex find the credential in their environment, where nobody set telemetry before', () => {
  const of = (harness: string, isSet: (name: string) => boolean = () => false, isTold = true) =>
    runEnvironment(
      { id: 's', token: 'spa_x', telemetryToken: 'spt_x', pack: 'observe' },
      { harness, server: 'https://s', caFile: undefined, isSet, tells: isTold },
    );
  assert.equal(of('gemini-cli')['OTEL_EXPORTER_OTLP_LOGS_HEADERS'], 'authorization=Bearer%20spt_x');
  assert.equal(of('gemini-cli')['GEMINI_TELEMETRY_OTLP_ENDPOINT'], 'https://s/v1/agent/telemetry');
  assert.equal(
    of('gemini-cli', (name) => name === 'GEMINI_TELEMETRY_OUTFILE')['OTEL_EXPORTER_OTLP_LOGS_HEADERS'],
    undefined,
  );
  assert.equal(of('gemini-cli', undefined, false)['GEMINI_TELEMETRY_ENABLED'], undefined);
  assert.equal(of('codex')['OTEL_EXPORTER_OTLP_LOGS_HEADERS'], 'authorization=Bearer%20spt_x');
  assert.equal(of('codex', undefined, false)['OTEL_EXPORTER_OTLP_LOGS_HEADERS'], undefined);
});

test('the credential stands beside our address alone, and nowhere once somebody set where telemetry goes', () => {
  const of = (harness: string, set?: string): Readonly<Record<string, string>> =>
    runEnvironment(
      { id: 's', token: 'spa_x', telemetryToken: 'spt_x', pack: 'observe' },
      { harness, server: 'https://s', caFile: undefined, isSet: (name) => name === set, tells: true },
    );
  for (const harness of ['claude-code', 'codex', 'gemini-cli']) {
    const found = of(harness);
    const headers = Object.keys(found).filter((name) => name.startsWith('OTEL_') && name.endsWith('_HEADERS'));
    assert.ok(headers.length > 0, harness);
    for (const name of headers) {
      assert.match(name, /^OTEL_EXPORTER_OTLP_(?:LOGS|METRICS)_HEADERS$/, 'of one signal');
      assert.equal(found[name], 'authorization=Bearer%20spt_x', 'nothing that speaks for the run');
      assert.match(found[name.replace('HEADERS', 'ENDPOINT')] ?? '', /^https:\/\/s\/v1\/agent\/telemetry/);
    }
    for (const signal of ['', 'LOGS_', 'TRACES_', 'METRICS_'])
      for (const what of ['ENDPOINT', 'HEADERS', 'PROTOCOL', 'CERTIFICATE', 'COMPRESSION']) {
        const set = `OTEL_EXPORTER_OTLP_${signal}${what}`;
        const names = Object.keys(of(harness, set)).filter((name) => !name.startsWith('SALLYPORT_'));
        assert.deepEqual(names, [], `${harness} ${set}`);
      }
  }
});
