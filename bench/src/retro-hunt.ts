import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { rulesDirectory } from '@sallyport/content';
import { createDetection, detectionMigrations } from '@sallyport/detection';
import { createEmbeddedStore, createRowScan, createStoreClient } from '@sallyport/event-search';
import { createHunting, huntingMigrations } from '@sallyport/hunting';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createFramePeer } from '@sallyport/platform/frames';
import type { Principal } from '@sallyport/platform/http';
import { loadSigmaRuleSet } from '@sallyport/sigma-rules';
import { rowNeedOf } from '@sallyport/sigma-rules/sql';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { Bench } from './bench.ts';
import { sharedDirectory, withDirectory } from './repository.ts';
import { createSeededRandom } from './seeded-random.ts';
import { rounded } from './statistics.ts';
import { createWindowsEvents } from './windows-events.ts';

const ruleCount = 100;
/** An insert costs a tenth of a second whatever is in it. */
const perInsert = 20_000;
const by: Principal = { kind: 'user', id: 'bench', name: 'bench', scopes: ['audit:read', 'hunts:run'] };

const storeEntry = `
import { Socket } from 'node:net';
import { runStore } from ${JSON.stringify(import.meta.resolve('@sallyport/event-search/store'))};
runStore({ stream: new Socket({ fd: 3, readable: true, writable: true }), environment: process.env, exit: () => process.exit(0) });`;

export const retroHunt: Bench = {
  name: 'retro-hunt',
  target: `${ruleCount} rules over the stored events (10,000,000: --rows), beside a count that reads the same rows`,
  async run({ options, progress }) {
    const wanted = options.tiny ? 2000 : (options.rows ?? 200_000);
    return withDirectory(options.directory, async (directory) => {
      const clock = systemClock;
      const key = randomBytes(32);
      const client = createStoreClient({
        async connect() {
          const child = spawn(process.execPath, ['--input-type=module', '--eval', storeEntry], {
            stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
          });
          const stream = child.stdio[3];
          if (!(stream instanceof Duplex)) throw new TypeError('the store process has no pipe');
          return createFramePeer(stream, {});
        },
        key: async () => Buffer.from(key),
        directory: join(directory, 'store'),
        threads: 1,
        clock,
        deadline: (ms) => AbortSignal.timeout(ms),
      });
      const store = createEmbeddedStore(client);
      const events = createWindowsEvents(createSeededRandom(options.seed), Date.UTC(2026, 10, 21));
      let bytes = 0;
      // While one lot is stored the next is made.
      let stored: Promise<unknown> = Promise.resolve();
      for (let from = 0; from < wanted; from += perInsert) {
        const rows = Array.from({ length: Math.min(perInsert, wanted - from) }, (_, at) => {
          const index = from + at;
          const original = JSON.stringify(index % 10_000 === 9999 ? events.attackEvent() : events.next());
          const body = Buffer.from(
            JSON.stringify({ class_uid: 1007, metadata: { version: '1.8.0' }, raw_data: original }),
          );
          bytes += body.byteLength;
          return { position: { log: 1, index }, receivedAtMs: Date.UTC(2026, 10, 21) + index, classUid: 1007, body };
        });
        await stored;
        stored = store.insert(rows, `bench-${from}`);
        stored.catch(() => undefined);
        if (from % 200_000 === 0) progress(`${from} events stored`);
      }
      await stored;
      const rules = await chooseRules(join(directory, 'rules'));

      const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
      await migrate(database, [ledgerMigrations, detectionMigrations, huntingMigrations]);
      const ledger = createMemoryLedger({ clock });
      const outbox = createOutbox({ database, ledger, key, random: randomBytes, nowMs: () => clock.nowMs() });
      const detection = await createDetection({
        ledger,
        database,
        outbox,
        clock,
        every(intervalMs, task) {
          const timer = setInterval(task, intervalMs);
          return () => clearInterval(timer);
        },
        ruleDirectories: [{ name: 'bench', path: join(directory, 'rules') }],
        correlationKey: key,
      });
      const scan = createRowScan(store);
      const hunting = createHunting({
        rows: { ...scan, rebuilding: async () => undefined },
        rules: { sources: () => detection.sources(), open: (sources) => detection.openMatcher(sources) },
        database,
        outbox,
        clock,
        random: randomBytes,
        sealingKey: key,
        delay: async (ms, signal) => {
          await delay(ms, undefined, { signal }).catch(() => undefined);
        },
        log: (message) => progress(message),
      });

      const countMs = await countAll(store, wanted);
      progress(`a count that reads every event: ${Math.round(countMs)} ms`);
      const measure = async (asked: Parameters<typeof hunting.start>[0]['rules']) => {
        const startMs = clock.monotonicMs();
        const { id } = await hunting.start({ rules: asked, filter: {}, by });
        let answer = await hunting.get(id, by);
        while (answer.hunt.endedMs === undefined) {
          await delay(100);
          answer = await hunting.get(id, by);
        }
        const wholeMs = clock.monotonicMs() - startMs;
        const { hunt } = answer;
        const matches = answer.rules.reduce((sum, rule) => sum + rule.matches, 0);
        progress(
          `${hunt.state}: ${answer.rules.length} rules, ${hunt.candidates} candidates, ${Math.round(wholeMs)} ms`,
        );
        const figures = {
          rules: answer.rules.length,
          events_per_second: rounded((hunt.lookedAt / wholeMs) * 1000),
          gigabytes_per_second: rounded(bytes / wholeMs / 1e6),
          milliseconds: Math.round(wholeMs),
          milliseconds_at_work: hunt.busyMs,
          candidates: hunt.candidates,
          matches,
        };
        return { done: hunt.state === 'done' ? hunt.lookedAt : 0, wholeMs, figures };
      };
      const everyRule = await measure({ kind: 'all' });
      const set = loadSigmaRuleSet(await detection.sources());
      const telling: string[] = [];
      const sampled = Math.min(wanted, 2000);
      for (const rule of set.rules) {
        const asked = { filter: {}, log: 1, from: 0, to: sampled, needs: [rowNeedOf(rule)], maxRows: sampled };
        if ((await scan.candidates(asked)).rows.length < sampled / 2) telling.push(rule.id);
      }
      const tellingRules = await measure({ kind: 'named', ids: telling });
      await hunting.close();
      await detection.close();
      client.close();
      await close();
      return {
        processed: Math.min(everyRule.done, tellingRules.done),
        inputs: {
          events: wanted,
          event_bytes: Math.round(bytes / wanted),
          rules_from: rules,
          seed: options.seed,
        },
        figures: {
          every_rule: everyRule.figures,
          telling_rules: tellingRules.figures,
          count_milliseconds: Math.round(countMs),
          count_gigabytes_per_second: rounded(bytes / countMs / 1e6),
        },
        ratios: {
          every_rule_to_the_count: rounded(everyRule.wholeMs / countMs),
          telling_rules_to_the_count: rounded(tellingRules.wholeMs / countMs),
        },
        notes: [
          'from the start of the hunt to its end, with planning, the matching thread, commits and the rests hunts take; the store has one thread',
          'telling rules: without those whose words stand in over half of the first events, or that have none: with one of them every event is evaluated',
          'the count looks at the last byte of every event, so that all of them are read and decrypted',
        ],
      };
    });
  },
};

async function countAll(store: ReturnType<typeof createEmbeddedStore>, wanted: number): Promise<number> {
  const startMs = performance.now();
  const { lines } = await store.query({
    sql: "SELECT countIf(endsWith(body, '}')) AS count FROM sallyport.events",
    parameters: {},
    lane: 'search',
    timeoutMs: 600_000,
    maxRows: 1,
    maxBytes: 1000,
  });
  if (!lines.includes(`:${wanted}`)) throw new TypeError(`the store does not hold ${wanted} events`);
  return performance.now() - startMs;
}

/** A hundred rules for Windows, spread over the SigmaHQ corpus where it is there, else the bundled ones. */
async function chooseRules(directory: string): Promise<string> {
  const corpus = join(sharedDirectory, 'sigma', 'rules', 'windows');
  const source = existsSync(corpus) ? corpus : join(rulesDirectory, 'windows');
  const files = globSync('**/*.yml', { cwd: source }).toSorted();
  mkdirSync(directory, { recursive: true });
  const step = Math.max(1, files.length / ruleCount);
  for (let at = 0; at < Math.min(ruleCount, files.length); at += 1) {
    const file = files[Math.floor(at * step)] ?? '';
    writeFileSync(join(directory, `${at}-${basename(file)}`), readFileSync(join(source, file)));
  }
  return existsSync(corpus) ? 'sigmahq' : 'bundled';
}
