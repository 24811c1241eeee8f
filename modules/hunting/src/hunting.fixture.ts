import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ScannedRow } from '@sallyport/event-search';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { CodedError } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import {
  createCorrelationGroups,
  createFullScan,
  defineCorrelations,
  loadSigmaRuleSet,
  sigmaEventOf,
} from '@sallyport/sigma-rules';
import { createKeptLedger, passingDatabase } from '@sallyport/testing/dying-process';
import type { Pass } from '@sallyport/testing/dying-process';
import { readPlan } from './read-plan.ts';
import { createHunting, huntingMigrations, type HuntingNeeds } from './index.ts';

export const analyst: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Ada',
  scopes: ['events:read', 'hunts:run', 'audit:read'],
};
export const viewer: Principal = { kind: 'user', id: 'u2', name: 'Bob', scopes: ['events:read', 'hunts:run'] };

export function ruleText(id: string, word: string): string {
  return `title: ${id}\nid: ${id}\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image|contains: ${word}\n  condition: sel\n`;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export type Store = {
  /** Each answers a part, or throws. */
  rows: ScannedRow[];
  failure: 'store_unavailable' | 'query_too_large' | 'query_failed' | undefined;
  /** Parts longer than this are too large. */
  longest: number;
  isBehind: boolean;
  isRebuilding: boolean;
  /** Ids the matching thread did not load. */
  unloaded: readonly string[];
  asked: number;
  /** How often the control database could not take what was done. */
  heldUp: number;
  /** What the starter may do, as long as somebody asks; undefined: all there is. */
  scopes: readonly string[] | undefined;
  /** Called before a part is read. */
  beforePart: () => void;
};

/** Hunts over rows in memory, evaluated in place; `start` makes another on the same database. */
export async function setUp(images: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-hunting-'));
  const made = await openHunts(images, directory, () => undefined);
  after(async () => {
    await made.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return made;
}

/** The same in a directory that is there already, with what an earlier process left in it. */
export async function openHunts(images: readonly string[], directory: string, pass: Pass) {
  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(opened.database, [ledgerMigrations, huntingMigrations]);
  const database = passingDatabase(opened.database, pass);
  const clock = createManualClock(Date.UTC(2026, 0, 2));
  const ledger = await createKeptLedger(join(directory, 'ledger.jsonl'), clock, pass);
  const nowMs = (): number => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: new Uint8Array(32).fill(5), random: randomBytes, nowMs });
  const store: Store = {
    rows: images.map((Image, index) => ({
      position: { log: 1, index },
      receivedAtMs: nowMs() + index,
      body: JSON.stringify({ Image, EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational' }),
    })),
    failure: undefined,
    longest: 10,
    isBehind: false,
    isRebuilding: false,
    unloaded: [],
    asked: 0,
    heldUp: 0,
    scopes: undefined,
    beforePart: () => undefined,
  };
  const needs: HuntingNeeds = {
    rows: {
      extents: async () =>
        store.rows.length === 0
          ? []
          : [{ log: 1, from: 0, to: store.rows.length, rows: store.rows.length, bytes: 1000 }],
      async candidates({ from, to }) {
        store.asked += 1;
        store.beforePart();
        pass(`part ${store.asked}`);
        if (store.failure !== undefined) throw new CodedError(store.failure, 'The store is not there');
        if (to - from > store.longest) throw new CodedError('query_too_large', 'Too large');
        const rows = store.rows.slice(from, to);
        return { rows, through: to, lookedAt: rows.length, bytes: rows.length * 10 };
      },
      rebuilding: async () =>
        store.isRebuilding ? { through: { log: 1, index: 0 }, until: { log: 1, index: store.rows.length } } : undefined,
    },
    rules: {
      sources: async () => [
        { file: 'a.yml', text: ruleText('rule-a', 'certutil') },
        { file: 'b.yml', text: ruleText('rule-b', 'mshta') },
        {
          file: 'filter.yml',
          text: 'title: f\nfilter:\n  rules: [rule-b]\n  sel:\n    Image|contains: allowed\n  condition: sel\nlogsource:\n  product: windows\n',
        },
      ],
      async open(sources) {
        pass('open');
        const set = loadSigmaRuleSet(sources);
        const rules = set.rules.filter(({ id }) => !store.unloaded.includes(id));
        const scan = createFullScan(rules);
        const definitions = defineCorrelations(set.correlations, hashOf);
        const groups = createCorrelationGroups(set.correlations, hashOf);
        return {
          rules: new Map([
            ...rules.map(({ id }) => [id, {}] as const),
            ...[...definitions].map(([id, correlation]) => [id, { correlation }] as const),
          ]),
          async *match(bodies) {
            yield bodies.map((body) => {
              const event = JSON.parse(Buffer.from(body).toString());
              return {
                kind: 'scanned' as const,
                matches: scan.match(event).map(({ rule }) => {
                  const counted = groups.of(rule.id, sigmaEventOf(event));
                  return { ruleId: rule.id, matched: [], ...(counted.length > 0 && { groups: counted }) };
                }),
                truncated: false,
                logSource: 'windows//',
                generation: 0,
                source: 'test',
                ...(typeof event.claimedMs === 'number' && { claimedMs: event.claimedMs }),
              };
            });
          },
          close: async () => undefined,
        };
      },
    },
    plan: async (sources, wanted) => readPlan(sources, wanted),
    database,
    outbox,
    clock,
    random: randomBytes,
    sealingKey: new Uint8Array(32).fill(3),
    delay: async () => {
      await nextTurn();
    },
    mayRun: () => !store.isBehind,
    scopesOf: async () => store.scopes ?? analyst.scopes,
    log(message) {
      if (message === 'Hunting was held up') store.heldUp += 1;
    },
  };
  const open: ReturnType<typeof createHunting>[] = [];
  const start = () => {
    const hunting = createHunting(needs);
    open.push(hunting);
    return hunting;
  };
  const close = async (): Promise<void> => {
    for (const hunting of open) await hunting.close();
    await opened.close();
  };
  return { store, ledger, database, outbox, start, nowMs, close };
}

/** Waits for as long as it takes. */
export async function until<Value>(read: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read();
    if (isThere(value)) return value;
    await nextTurn();
  }
}
