// Programs that speak HTTP, with the recipes as they are handed out: curl, Splunk HEC, OpenTelemetry for Node.js.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeverityNumber } from '@opentelemetry/api';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { runCommand } from '../command-line.ts';
import { repositoryRoot } from '../server-under-test.ts';
import { eventually } from '../waiting.ts';
import { shellEnvironment, startSenderHouse, valueAt, writeTo } from './sender-house.ts';

const timeout = 300_000;

test(
  'curl sends events, lines and HEC events as its recipes say, each once, with what they say of themselves',
  { timeout },
  async (t) => {
    const house = await startSenderHouse(t);
    const curl = await house.follow('curl');
    const events = Array.from({ length: 50 }, (_, index) =>
      JSON.stringify({ message: `curl event ${index}`, host: 'web-1' }),
    );
    writeFileSync(join(house.directory, 'events.ndjson'), `${events.join('\n')}\n`);
    writeFileSync(
      join(house.directory, 'auth.log'),
      '<38>1 2026-03-04T05:06:07Z web-1 sshd 77 - - Failed password for root from 203.0.113.7 port 4022 ssh2\n',
    );
    const shell = async (command: string): Promise<string> => {
      const run = await runCommand('sh', ['-ec', command], { cwd: house.directory, environment: shellEnvironment });
      assert.equal(run.code, 0, run.stderr);
      return run.stdout;
    };
    const replies = [];
    for (const command of curl.commands.filter((text) => text.includes('/v1/events')))
      replies.push(await shell(command));
    assert.deepEqual(
      replies.map((reply) => /"accepted":(\d+)/.exec(reply)?.[1]),
      ['50', '1'],
    );
    assert.equal((await house.received('curl event', 50)).length, 50);
    const [failed] = await house.received('203.0.113.7', 1);
    assert.deepEqual(
      [failed?.['class_uid'], valueAt(failed, 'user', 'name'), valueAt(failed, 'device', 'hostname'), failed?.['time']],
      [3002, 'root', 'web-1', Date.parse('2026-03-04T05:06:07Z')],
    );

    assert.equal(await shell((await house.follow('splunk-hec')).test), '{"text":"Success","code":0}');
    const [hello] = await house.received('"event": "hello"', 1);
    assert.equal(valueAt(hello, 'unmapped', 'record', 'host'), 'web-1');

    const logger = await house.follow('logger');
    await shell(logger.commands.at(-1) ?? '');
    const [said] = await house.received('backup of /srv done', 1);
    assert.deepEqual(
      [valueAt(said, 'metadata', 'log_provider'), String(said?.['message']).trim()],
      ['backup', 'backup of /srv done'],
    );
  },
);

test(
  'OpenTelemetry’s own exporters deliver every record once, protobuf and JSON, gzip or not, over a restart',
  { timeout },
  async (t) => {
    const house = await startSenderHouse(t);
    await house.follow('node-otlp');
    const common = {
      url: `https://localhost:${house.ports.https}/v1/logs`,
      headers: { Authorization: `Bearer ${house.key}` },
      httpAgentOptions: { ca: readFileSync(house.authorityFile) },
      timeoutMillis: 60_000,
    };
    const exporters = {
      protobuf: new ProtobufExporter({ ...common, compression: CompressionAlgorithm.GZIP }),
      json: new JsonExporter(common),
    };
    const at = new Date('2026-03-04T05:06:07.008Z');
    for (const [name, exporter] of Object.entries(exporters)) {
      const provider = new LoggerProvider({
        resource: resourceFromAttributes({ 'service.name': `shop-${name}`, 'host.name': 'web-1' }),
        processors: [new BatchLogRecordProcessor({ exporter, maxExportBatchSize: 100, scheduledDelayMillis: 100 })],
      });
      const log = provider.getLogger('shop');
      const say = (from: number, count: number): void => {
        for (let index = from; index < from + count; index += 1)
          log.emit({
            body: `${name} order ${index} refused`,
            severityNumber: SeverityNumber.WARN,
            severityText: 'WARN',
            timestamp: at,
            attributes: { 'user.name': 'eve', cents: 4711 + index, deep: { list: [1, 'two'] } },
          });
      };
      say(0, 250);
      await provider.forceFlush();
      await house.server.stop();
      say(250, 100);
      house.server.launch();
      // Nearly up: it tries again by itself, five times within a quarter of a minute.
      await eventually({ what: 'a server starts', timeoutMs: 120_000, look: () => house.server.pid('server') });
      const flushed = provider.forceFlush();
      await house.server.ready();
      await flushed;
      say(350, 50);
      await provider.shutdown();
      const received = await house.received(`${name} order`, 400);
      const said = received.map((event) => Number(/order (\d+) refused/.exec(String(event['message']))?.[1]));
      assert.deepEqual(
        said.toSorted((one, other) => one - other),
        Array.from({ length: 400 }, (_, index) => index),
      );
      for (const event of received) {
        assert.equal(event['time'], at.getTime());
        assert.equal(valueAt(event, 'device', 'hostname') ?? valueAt(event, 'unmapped', 'record', 'host'), 'web-1');
        assert.equal(
          valueAt(event, 'unmapped', 'record', 'program') ?? valueAt(event, 'metadata', 'log_provider'),
          `shop-${name}`,
        );
        assert.equal(valueAt(event, 'unmapped', 'record', 'user.name'), 'eve');
      }
    }
  },
);

test('the program of the recipe for Node.js runs as it stands', { timeout }, async (t) => {
  const house = await startSenderHouse(t);
  const recipe = await house.follow('node-otlp');
  // Beside the packages that the tests have, so that it finds them.
  const file = join(repositoryRoot, 'node_modules', '.cache', `recipe-${process.pid}.mjs`);
  writeTo(file, recipe.text('log.mjs'));
  t.after(() => rmSync(file, { force: true }));
  const run = await runCommand(process.execPath, [file], { cwd: house.directory, environment: shellEnvironment });
  assert.equal(run.code, 0, run.stderr);
  const [event] = await house.received('order 4711 refused', 1);
  assert.equal(event?.['message'], 'order 4711 refused');
});
