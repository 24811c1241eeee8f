import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import fc from 'fast-check';
import { worthOfKind } from '../record.ts';
import { openSpool } from '../spool/spool.ts';
import { createServerDouble } from '../testing/server-double.ts';
import { createKeyInUse } from './key-in-use.ts';
import { createSender } from './sender.ts';

const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sensor-week-'));
after(() => rmSync(root, { recursive: true }));
const { signal } = new AbortController();
const dayMs = 86_400_000;
const kinds = ['connection', 'process', 'sign_in', 'file', 'heartbeat'] as const;

/** A sensor's sending side that can be killed: what it held in memory is gone, what is on disk stays. */
function createLife(maxBytes: number) {
  const directory = mkdtempSync(join(root, 'd'));
  const server = createServerDouble();
  const clock = createManualClock(1_700_000_000_000);
  const spoolKey = randomBytes(32);
  const apiKey = { now: 'first' };
  const doubts: number[] = [];
  const start = () => {
    const spool = openSpool({
      directory,
      key: spoolKey,
      random: randomBytes,
      limits: { maxBytes, segmentBytes: maxBytes / 16 },
      lostLine: ({ reason, lost }) => JSON.stringify({ kind: 'lost', reason, lost }),
    });
    const sender = createSender({
      spool,
      transport: server,
      clock,
      random: () => 0.5,
      log: createLog({ clock, write: () => undefined }),
      source: (installation) => `host-a.${installation}`,
      keys: createKeyInUse({
        file: join(directory, 'sending.key'),
        spoolKey,
        random: randomBytes,
        current: () => apiKey.now,
      }),
      onRenumbered: () => assert.fail('nobody else uses these numbers'),
      onMayRepeat: ({ count }) => doubts.push(count),
    });
    return { spool, sender };
  };
  let life = start();
  let number = 0;
  const appended = new Map<string, number>();
  return {
    server,
    clock,
    apiKey,
    doubts,
    appended,
    spool: () => life.spool,
    sender: () => life.sender,
    die: () => void (life = start()),
    see(kind: string, count: number) {
      life.spool.append(
        Array.from({ length: count }, () => ({ kind, line: JSON.stringify({ kind, number: number++ }) })),
      );
      appended.set(kind, (appended.get(kind) ?? 0) + count);
    },
  };
}

/** What is on the server: numbers in the order of recording, how many of each kind, and what reports say is gone. */
function tally(lines: readonly string[]) {
  const numbers: number[] = [];
  const there = new Map<string, number>();
  const lost = new Map<string, number>();
  for (const line of lines) {
    const record = parseJson(line);
    if (!isJsonObject(record)) continue;
    const { kind, number } = record;
    if (typeof number === 'number' && typeof kind === 'string') {
      numbers.push(number);
      there.set(kind, (there.get(kind) ?? 0) + 1);
    }
    for (const [name, count] of Object.entries(isJsonObject(record['lost']) ? record['lost'] : {}))
      lost.set(name, (lost.get(name) ?? 0) + Number(count));
  }
  return { numbers, there, lost };
}

test('a week without the server, with kills, and more than fits: bounded, what went is told exactly by kind, what is left arrives once and in order', async () => {
  const maxBytes = 256 * 1024;
  const life = createLife(maxBytes);
  life.server.trouble(() => 'break');
  const endMs = life.clock.nowMs() + 7 * dayMs;
  let round = 0;
  let mostBytes = 0;
  while (life.clock.nowMs() < endMs) {
    round += 1;
    life.see(kinds[round % 5 === 0 ? round % 4 : 1] ?? 'process', 3);
    const delayMs = await life.sender().step(signal);
    assert.ok(delayMs > 0 && delayMs <= 60_000);
    if (round % 500 === 0) life.die();
    mostBytes = Math.max(mostBytes, life.spool().status().bytes);
    life.clock.advance(delayMs);
  }
  assert.ok(mostBytes <= maxBytes * 1.1, `${mostBytes}`);
  life.server.trouble(undefined);
  while ((await life.sender().step(signal)) === 0);
  const { numbers, there, lost } = tally(life.server.lines());
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((left, right) => left - right),
  );
  for (const [kind, count] of life.appended) assert.equal((there.get(kind) ?? 0) + (lost.get(kind) ?? 0), count, kind);
  // What intruders would like to see gone went last.
  assert.ok((lost.get('process') ?? 0) > 0);
  for (const kind of kinds) if (worthOfKind(kind) === 'kept') assert.equal(lost.get(kind) ?? 0, 0, kind);
});

const act = fc.oneof(
  fc.record({
    do: fc.constant('see' as const),
    kind: fc.constantFrom(...kinds),
    count: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    do: fc.constant('send' as const),
    trouble: fc.constantFrom('none', 'break', 'record and break', 'busy', 'part'),
  }),
  fc.record({ do: fc.constant('die' as const) }),
  fc.record({ do: fc.constant('new key' as const) }),
);

test('whatever happens in any order — lost answers, kills, new keys — every record arrives once, in order, and nothing is in doubt', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const life = createLife(1 << 20);
      let keys = 0;
      for (const one of acts) {
        if (one.do === 'see') life.see(one.kind, one.count);
        else if (one.do === 'die') life.die();
        else if (one.do === 'new key') life.apiKey.now = `key-${(keys += 1)}`;
        else {
          let asked = 0;
          life.server.trouble(() => {
            asked += 1;
            if (one.trouble === 'break' || one.trouble === 'record and break') return one.trouble;
            if (one.trouble === 'busy') return { status: 503 };
            return one.trouble === 'part' && asked === 2 ? 'record and break' : undefined;
          });
          await life.sender().step(signal);
        }
      }
      life.server.trouble(undefined);
      while ((await life.sender().step(signal)) === 0);
      const { numbers } = tally(life.server.lines());
      const total = [...life.appended.values()].reduce((sum, count) => sum + count, 0);
      assert.deepEqual(
        numbers,
        Array.from({ length: total }, (_, at) => at),
      );
      assert.deepEqual(life.doubts, []);
    }),
    { numRuns: 120 },
  );
});
