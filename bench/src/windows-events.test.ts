import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rulesDirectory } from '@sallyport/content';
import { createFullScan, parseSigmaRules } from '@sallyport/sigma-rules';
import { createSeededRandom } from './seeded-random.ts';
import { createWindowsEvents, toLines } from './windows-events.ts';

const startMs = Date.UTC(2026, 10, 21);

function bundledRules() {
  return readdirSync(rulesDirectory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yml'))
    .flatMap((file) => [...parseSigmaRules(readFileSync(join(rulesDirectory, file), 'utf8'), { file }).rules]);
}

test('the same seed makes the same events, another one others', () => {
  const make = (seed: number): string => {
    const events = createWindowsEvents(createSeededRandom(seed), startMs);
    return toLines(Array.from({ length: 50 }, () => events.next())).toString();
  };
  assert.equal(make(7), make(7));
  assert.notEqual(make(7), make(8));
});

test('events are 2 kB on average, and each is one line of JSON', () => {
  const events = createWindowsEvents(createSeededRandom(1), startMs);
  const lines = toLines(Array.from({ length: 1000 }, () => events.next()));
  const average = lines.length / 1000;
  assert.ok(average > 1800 && average < 2400, `${average} bytes`);
  assert.equal(lines.toString().trimEnd().split('\n').length, 1000);
});

test('the bundled rules match every attack event and no other', () => {
  const scan = createFullScan(bundledRules());
  const events = createWindowsEvents(createSeededRandom(3), startMs);
  for (let count = 0; count < 300; count += 1) {
    assert.deepEqual(
      scan.match(events.next()).map(({ rule }) => rule.title),
      [],
    );
  }
  for (let count = 0; count < 50; count += 1) assert.ok(scan.match(events.attackEvent()).length > 0);
});

test('no two attack events are of one host, or their alerts would be one', () => {
  const events = createWindowsEvents(createSeededRandom(1), startMs);
  const hosts = Array.from({ length: 2000 }, () => events.attackEvent()['Hostname']);
  assert.equal(new Set(hosts).size, hosts.length);
});
