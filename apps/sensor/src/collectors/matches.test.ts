import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createHashLists } from '../matching/hash-lists.ts';
import { createYaraScanner } from '../matching/yara-scanner.ts';
import type { SensorRecord } from '../record.ts';
import { createTemporaryHost } from '../testing/temporary-host.ts';
import { createMatchCollector } from './matches.ts';
import type { Content, MatchCollector } from './matches.ts';

const ends: (() => void)[] = [];
after(() => ends.forEach((end) => end()));
const marker = ['made', 'up', 'marker', '4711'].join('-');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function setUp() {
  const host = createTemporaryHost();
  ends.push(host.end);
  const clock = createManualClock(1_700_000_000_000);
  const there: string[] = [];
  const content = (path: string, trigger: Content['trigger'] = 'file_changed'): Content => ({
    trigger,
    path,
    at: host.at(path),
    fields: trigger === 'process_started' ? { ProcessId: 7, Image: path } : {},
  });
  const start = (position?: string): MatchCollector => {
    const collector = createMatchCollector({
      clock,
      hasher: host.hasher,
      lists: createHashLists(host.files, ['/lists']),
      configFile: '/etc/x/config.json',
      scanner: createYaraScanner({
        files: host.files,
        paths: ['/rules'],
        program: {
          file: join(import.meta.dirname, '../matching/yara-child.ts'),
          reads: [join(import.meta.dirname, '../../../..')],
        },
      }),
      present: () => there.map((path) => content(path, 'sweep')),
      position,
    });
    ends.push(() => collector.close?.());
    return collector;
  };
  /** Asks until `count` records are told, and some more times, so that one too many is seen. */
  const until = async (collector: MatchCollector, count: number) => {
    const records: SensorRecord[] = [];
    let position: string | undefined;
    const endMs = performance.now() + 60_000;
    for (let more = 3; records.length < count || more > 0;) {
      assert.ok(performance.now() < endMs, `waited in vain for ${count} records, there are ${records.length}`);
      const collected = await collector.collect();
      records.push(...collected.records);
      position = collected.position ?? position;
      if (records.length >= count) more -= 1;
      clock.advance(1000);
      await delay(20);
    }
    return { records, position };
  };
  return { host, there, content, start, until };
}

test('a changed file and a started program are compared with the lists and the rules, and what matches is told with who did it', async () => {
  const { host, content, start, until } = setUp();
  host.write('/lists/a', `${createHash('md5').update('known bad').digest('hex')}\n`);
  host.write('/rules/a.yar', `rule marker { strings: $a = "${marker}" condition: $a }`);
  host.write('/bad', 'known bad');
  host.write('/marked', `x ${marker}`);
  host.write('/fine', 'fine');
  const collector = start();
  await collector.collect();
  for (const one of [content('/bad', 'process_started'), content('/marked'), content('/fine')]) collector.offer(one);
  const { records } = await until(collector, 2);
  assert.deepEqual(
    records.map(({ event, kind, fields }) => [event, kind, fields['TargetFilename'], fields['Indicator']]),
    [
      ['hash_matched', 'match', '/bad', createHash('md5').update('known bad').digest('hex')],
      ['yara_matched', 'match', '/marked', 'marker'],
    ],
  );
  assert.deepEqual(
    [records[0]?.fields['ProcessId'], records[0]?.fields['Algorithm'], records[0]?.fields['sha256']],
    [7, 'md5', sha256('known bad')],
  );
  // A second start of the same program is another one to know of.
  collector.offer(content('/bad', 'process_started'));
  assert.equal((await until(collector, 1)).records.length, 1);
});

test('with new lists what is there already is looked through, once, also over a restart', async () => {
  const { host, there, start, until } = setUp();
  host.write('/lists/a', '# nothing yet\n');
  host.write('/old', 'was here before');
  there.push('/old');
  const collector = start();
  assert.deepEqual((await until(collector, 0)).records, []);
  host.write('/lists/a', `${sha256('was here before')}\n`);
  const first = await until(collector, 1);
  assert.deepEqual(
    first.records.map(({ event, fields }) => [event, fields['trigger']]),
    [['hash_matched', 'sweep']],
  );
  assert.deepEqual((await until(start(first.position), 0)).records, []);
  host.write('/lists/b', `${sha256('another')}\n`);
  assert.deepEqual((await until(start(first.position), 0)).records, []);
});

test('what waited when the sensor was killed is looked into by the next one', async () => {
  const { host, content, start, until } = setUp();
  host.write('/rules/a.yar', `rule marker { strings: $a = "${marker}" condition: $a }`);
  host.write('/marked', marker);
  const first = start();
  await first.collect();
  first.offer(content('/marked'));
  // It has begun to look, and what it will find is told to nobody.
  const { position, records } = await first.collect();
  first.close?.();
  assert.deepEqual(records, []);
  const second = await until(start(position), 1);
  assert.deepEqual(
    second.records.map(({ event }) => event),
    ['yara_matched'],
  );
});

test('more than is looked into at once is counted, and said', async () => {
  const { host, content, start } = setUp();
  host.write('/lists/a', `${sha256('x')}\n`);
  const collector = start();
  await collector.collect();
  for (let at = 0; at < 2005; at += 1) collector.offer(content(`/file-${at}`));
  assert.match(collector.coverage().misses, /5 files, as too many came at once/);
});

test('without lists and rules nothing is kept or read, and how to change that is told', async () => {
  const { host, content, start } = setUp();
  host.write('/x', 'x');
  const collector = start();
  collector.offer(content('/x'));
  assert.deepEqual(await collector.collect(), { records: [] });
  assert.equal(collector.coverage().state, 'none');
  assert.match(collector.coverage().remedy ?? '', /hashLists.* to \/etc\/x\/config\.json/);
});
