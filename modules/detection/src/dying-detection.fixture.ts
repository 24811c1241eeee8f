// Detection over a story of sign-ins, in a process that may be killed at any place and goes on when it is started again.
// Arguments: directory, the number of the place to die at (0: none), seed of where ranges are cut.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { comparePositions, isJsonObject, parseFinding, parseJson } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createKeptLedger, createPass, passingDatabase } from '@sallyport/testing/dying-process';
import { createSeededRandom } from '@sallyport/testing/seeded-random';
import { detectionMigrations } from './cursor.ts';
import { createDetection } from './detection.ts';

const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const base = (id: string, code: string): string =>
  `title: ${id}\nid: ${id}\nlogsource: { product: sallyport, service: audit }\ndetection:\n    sel:\n        metadata.event_code: ${code}\n    condition: sel\n`;
const correlation = (id: string, lines: string): string =>
  `title: ${id}\nid: ${id}\ngenerate: true\ncorrelation:\n    group-by: [src_endpoint.ip]\n    ${lines.replaceAll('\n', '\n    ')}\n`;
const rules = [
  base('r-failed', 'failed'),
  base('r-ok', 'ok'),
  correlation('c-count', 'type: event_count\nrules: [r-failed]\ntimespan: 3m\ncondition: { gte: 3 }'),
  correlation(
    'c-values',
    'type: value_count\nrules: [r-failed]\ntimespan: 3m\ncondition: { gte: 3, field: user.name }',
  ),
  correlation('c-both', 'type: temporal\nrules: [r-failed, r-ok]\ntimespan: 1m'),
  correlation('c-order', 'type: temporal_ordered\nrules: [r-failed, r-ok]\ntimespan: 1m'),
  correlation('c-few', 'type: event_count\nrules: [r-failed]\ntimespan: 2m\ncondition: { lt: 3 }'),
  correlation('c-average', 'type: value_avg\nrules: [r-failed]\ntimespan: 2m\ncondition: { gt: 4, field: size }'),
  correlation('c-chain', 'type: temporal\nrules: [c-count, c-few]\ntimespan: 1h'),
].join('---\n');

type Step = { readonly atMs: number; readonly events: readonly JsonValue[] };

/** Batches of sign-ins, some told up to a minute late and out of order; a step without events is a silence in which windows close. */
function story(): Step[] {
  const random = createSeededRandom(11);
  let atMs = startMs;
  return Array.from({ length: 26 }, (_, at) => {
    const isSilence = at === 12 || at === 25;
    atMs += isSilence ? 800_000 : random.between(5, 50) * 1_000;
    const events = Array.from({ length: isSilence ? 0 : random.between(2, 6) }, (__, order) => ({
      class_uid: 3002,
      time: atMs - random.between(0, 60_000),
      metadata: { version: '1.8.0', log_name: 'audit', event_code: random.chance(0.7) ? 'failed' : 'ok' },
      src_endpoint: { ip: `192.0.2.${random.between(1, 4)}` },
      user: { name: `user-${random.between(1, 5)}` },
      size: random.between(1, 7),
      message: `${at}.${order}`,
    }));
    return { atMs, events };
  });
}

/** Every finding at the end of the story, by what was found in which events; `places`: how many it came by. */
async function tellStory(
  directory: string,
  dieAt: number,
  seed: number,
): Promise<{ readonly findings: string[]; readonly places: number }> {
  const { pass, places } = createPass(dieAt);
  const random = createSeededRandom(seed);
  const ruleDirectory = join(directory, 'rules');
  mkdirSync(ruleDirectory, { recursive: true });
  writeFileSync(join(ruleDirectory, 'story.yml'), rules);
  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(opened.database, [ledgerMigrations, detectionMigrations]);
  const database = passingDatabase(opened.database, pass);
  const clock = createManualClock(startMs);
  const ledger = await createKeptLedger(join(directory, 'ledger.jsonl'), clock, pass);
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs: () => startMs });
  const tasks = new Set<() => void>();
  const detection = await createDetection({
    ledger,
    database,
    outbox,
    clock,
    every(_intervalMs, task) {
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    ruleDirectories: [{ name: 'own', path: ruleDirectory }],
    correlationKey: new Uint8Array(32).fill(7),
    // By turns each range is saved, and several as one.
    limits: { matchingThreads: 1, rangesSavedAtOnce: seed % 2 === 0 ? 10 : 1 },
  });
  let { cursor } = await detection.projection.load(ledger.head());

  async function follow(): Promise<void> {
    while (comparePositions(cursor, ledger.head()) < 0) {
      const range = await ledger.read(cursor, { maxEvents: random.between(1, 9), maxBytes: 1e6 });
      await detection.projection.apply(range);
      cursor = range.to;
    }
  }

  const textAt = async (position: Position): Promise<string> => {
    const [event] = (await ledger.read(position, { maxEvents: 1, maxBytes: 1e6 })).events;
    const value = parseJson(new TextDecoder().decode(event?.body));
    return isJsonObject(value) ? String(value['message']) : '';
  };

  const steps = story();
  const before = ledger.events().at(-1)?.receivedAtMs ?? 0;
  for (const [at, { atMs, events }] of steps.entries()) {
    // What the ledger is past is over: a silence that was told of is not lived through again.
    const isOver = (steps[at + 1]?.atMs ?? Infinity) <= before;
    if (isOver) continue;
    if (events.length === 0) await follow();
    clock.advance(Math.max(0, atMs - clock.nowMs()));
    if (events.length > 0) {
      await ledger.append({
        collector: 'intake/story',
        priority: 'intake',
        entries: events.map((event, order) => ({
          classUid: 3002,
          body: new TextEncoder().encode(JSON.stringify(event)),
          stream: 'story',
          sequence: at * 100 + order,
        })),
      });
      if (random.chance(0.5)) await follow();
      continue;
    }
    for (let head = -1; head !== ledger.head().index;) {
      head = ledger.head().index;
      for (const task of tasks) task();
      await nextTurn();
      await follow();
    }
  }
  const findings: string[] = [];
  for (const { classUid, body } of ledger.events()) {
    if (classUid !== 2004) continue;
    const finding = parseFinding(parseJson(new TextDecoder().decode(body)));
    const { rule, input, related = [], matched = [] } = finding ?? {};
    if (input === undefined) throw new TypeError('a finding of ours does not parse');
    const on = await Promise.all([...related, input].map(textAt));
    findings.push(`${rule?.id} ${matched.map(({ value }) => value).join()} ${on.join()}`);
  }
  await detection.close();
  await opened.close();
  return { findings: findings.toSorted(), places: places.length };
}

const [directory = '', dieAt = '', seed = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await tellStory(directory, Number(dieAt), Number(seed))));
