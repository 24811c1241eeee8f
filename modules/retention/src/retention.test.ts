import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import type {
  DestroyedKey,
  DestructionOverview,
  NewHold,
  Proposal,
  ShownHold,
  ShownIntent,
} from '@sallyport/key-vault/server';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import fc from 'fast-check';
import { parseDayLabel } from './day-keys.ts';
import { dueKeys, nextBatch } from './expiry.ts';
import { createRetention, createSourceClasses, heldRecordingTimes, retentionMigrations } from './index.ts';
import type { Erased, Keeper } from './index.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const actor: Principal = { kind: 'user', id: 'ada', name: 'Ada', scopes: [], roles: ['admin'], assurance: 2 };
const idOf = (label: string): string => Buffer.from(label).toString('hex').padEnd(32, '0').slice(-32);
const keyOf = (label: string, isDestroyed = false) => ({
  id: idOf(label),
  class: label.split('/')[0] ?? '',
  day: label.split('/')[1] ?? '',
  isDestroyed,
});

test('a day is due once it was kept as long as agreed: never without a policy, held, or while it may be added to', () => {
  const keys = ['events/2025-11-19', 'events/2025-11-20', 'events/2025-11-21', 'events/2026-11-22'].map((label) =>
    keyOf(label),
  );
  const due = (state: Partial<Parameters<typeof dueKeys>[0]>): string[] =>
    dueKeys({ keys, policies: [{ class: 'events', keepDays: 365 }], heldKeyIds: new Set(), nowMs, ...state }).map(
      ({ day }) => day,
    );
  assert.deepEqual(due({}), ['2025-11-19', '2025-11-20', '2025-11-21']);
  // The 21st ends at midnight; until then its last second has not been kept for a year.
  assert.deepEqual(due({ nowMs: Date.UTC(2026, 10, 21, 23, 59, 59) }), ['2025-11-19', '2025-11-20']);
  assert.deepEqual(due({ heldKeyIds: new Set([idOf('events/2025-11-19')]) }), ['2025-11-20', '2025-11-21']);
  assert.deepEqual(due({ policies: [] }), []);
  assert.deepEqual(due({ policies: [{ class: 'events', keepDays: null }] }), []);
  assert.deepEqual(due({ policies: [{ class: 'event', keepDays: 1 }] }), []);
  assert.deepEqual(due({ keys: [keyOf('events/2020-01-01')] }), [], 'the newest of a class is never due');
  assert.deepEqual(
    nextBatch(dueKeys({ keys, policies: [{ class: 'events', keepDays: 365 }], heldKeyIds: new Set(), nowMs })).length,
    2,
  );
});

test('only CLASS/DAY is a day of a class', () => {
  assert.deepEqual(parseDayLabel('vpn-logs/2026-01-02'), { class: 'vpn-logs', day: '2026-01-02' });
  for (const label of [
    'events',
    'events/',
    'events/2026-13-45',
    '../2026-01-02',
    'events/2026-01-02/3',
    'Events/2026-01-02',
  ])
    assert.equal(parseDayLabel(label), undefined, label);
  fc.assert(fc.property(fc.string(), (text) => void parseDayLabel(text)));
});

const noWait = { evidence: 'running-time', neededMs: 0, remainingMs: 0 } as const;

/** The seam of destructions, which keeps what it is told, and lets go when it is told to. */
function createVault(labels: readonly string[]) {
  const intents: ShownIntent[] = [];
  const policies: { class: string; keepDays: number | null; id: string; agreedAtMs: number }[] = [];
  const holds: ShownHold[] = [];
  const destroyed: DestroyedKey[] = [];
  const listeners = new Set<(ids: readonly string[]) => void>();
  const overview = (): DestructionOverview => ({
    vault: 'v',
    waitMs: 0,
    evidence: 'running-time',
    observedMs: 0,
    witnesses: undefined,
    intents,
    holds,
    isListBound: false,
    approvers: [],
    policies,
    condemnedEpochs: [],
  });
  return {
    intents,
    policies,
    overview,
    destroy(...gone: string[]): void {
      for (const label of gone) destroyed.push({ id: idOf(label), purpose: 'block-data', label, atMs: nowMs });
      for (const listener of listeners) listener(gone.map(idOf));
    },
    inventory: async (): Promise<JsonObject> => ({
      keys: [
        ...labels.map((label) => ({
          id: idOf(label),
          level: 'data',
          purpose: 'block-data',
          label,
          state: destroyed.some(({ id }) => id === idOf(label)) ? 'destroyed' : 'active',
        })),
        { id: 'other', level: 'data', purpose: 'secret', label: 'tls', state: 'active' },
      ],
    }),
    destructions: {
      async propose(proposal: Proposal, by: string): Promise<ShownIntent> {
        const keyIds = proposal.kind === 'policy' ? [] : proposal.keyIds;
        const intent: ShownIntent = {
          id: `i${intents.length}`,
          kind: proposal.kind,
          stage: 'proposed',
          keys: keyIds.map((id) => ({
            id,
            purpose: 'block-data',
            label: labels.find((label) => idOf(label) === id) ?? '',
          })),
          ...(proposal.kind === 'policy' ? { policy: proposal.policy } : {}),
          reason: proposal.reason,
          by,
          atMs: nowMs,
          digest: '',
          signatures: [],
          wait: noWait,
          obstacles: [{ kind: 'not-signed', message: 'Two people have to sign it' }],
          kept: [],
          hasCertificate: false,
        };
        intents.push(intent);
        return intent;
      },
      list: async () => overview(),
      holds: async () => holds,
      async placeHold({ name, reason, keyIds: named = [], selector }: NewHold, by: string) {
        const selected = labels
          .filter((label) => {
            const found = parseDayLabel(label);
            return (
              found !== undefined &&
              selector?.classes.includes(found.class) === true &&
              found.day >= (selector.fromDay ?? '') &&
              found.day <= (selector.toDay ?? '9')
            );
          })
          .map(idOf);
        const hold: ShownHold = {
          id: `h${holds.length}`,
          name,
          reason,
          by,
          atMs: nowMs,
          keyIds: [...named, ...selected],
          ...(selector === undefined ? {} : { selector }),
        };
        holds.push(hold);
        return hold;
      },
      policies: async () => policies,
      destroyedKeys: async () => destroyed,
      onDestroyed(listener: (ids: readonly string[]) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}

async function setUp(database: Database, labels: readonly string[], keepers: readonly Keeper[] = []) {
  await migrate(database, [retentionMigrations]);
  const clock = createManualClock(nowMs);
  const records: AuditEvent[] = [];
  const outbox = {
    record: async (_: unknown, event: AuditEvent) => void records.push(event),
    flushed: async () => undefined,
  };
  const vault = createVault(labels);
  const forgotten: string[] = [];
  const pruned: number[] = [];
  const sources = await createSourceClasses({ database, outbox, clock, policies: vault.destructions.policies });
  const retention = createRetention({
    database,
    outbox,
    clock,
    log: createLog({ clock, write: () => undefined }),
    every: () => () => undefined,
    ledger: {
      status: async () => ({ ledger_time_ms: nowMs }),
      sealedKeys: async () =>
        labels.map((label) => ({ dataKeyId: idOf(label), events: 10, bytes: 1000, firstMs: nowMs, lastMs: nowMs })),
      sealedRanges: async () => [{ log: 1, from: 0, to: 11, events: 10 }],
      forgetSealed: async (ids) => void forgotten.push(...ids),
    },
    destructions: vault.destructions,
    inventory: vault.inventory,
    keepers,
    prune: async (logs) => void pruned.push(...logs),
    sources,
  });
  return { retention, vault, records, forgotten, pruned, actions: () => records.map(({ event }) => event['message']) };
}

forEachDatabase((name, open) => {
  test(`a policy goes to the vault with its record, and not below the minimum or beyond what it quotes, on ${name}`, async () => {
    const { database } = await open();
    const { retention, vault, records, actions } = await setUp(database, ['events/2026-11-22']);
    const change = (name: string, keepDays: number | null) =>
      retention.changePolicy({ class: name, keepDays, reason: 'a year', actor });
    await assert.rejects(change('events', 364), { code: 'keeping_too_short' });
    await assert.rejects(change('Events!', 400), { code: 'class_invalid' });
    assert.equal((await change('events', 365)).kind, 'policy');
    assert.deepEqual(vault.intents[0]?.policy, { class: 'events', keepDays: 365 });
    assert.equal(vault.intents[0]?.by, 'ada');
    assert.deepEqual(actions(), ['retention.policy']);
    vault.policies.push({ class: 'events', keepDays: 365, id: 'i0', agreedAtMs: nowMs });
    await assert.rejects(change('findings', 366), { code: 'quotes_kept_longer' });
    await assert.rejects(change('findings', null), { code: 'quotes_kept_longer' });
    await change('findings', 365);
    vault.policies.push({ class: 'findings', keepDays: 365, id: 'i1', agreedAtMs: nowMs });
    await retention.setProfiles(['cert-in'], actor);
    await assert.rejects(change('events', 180), { code: 'quotes_kept_longer' });
    await change('audit', 180);
    const overview = await retention.overview();
    const events = overview.classes.find((one) => one.name === 'events');
    assert.deepEqual([events?.keepDays, events?.minimumDays, events?.recommendedDays], [365, 180, 365]);
    assert.equal(overview.classes.find((one) => one.name === 'audit')?.keepDays, null);
    assert.deepEqual(overview.profiles, ['cert-in']);
    assert.equal(records.length, 4);
  });

  test(`days past their time are proposed once, the oldest two first, and what is held is not, on ${name}`, async () => {
    const { database } = await open();
    const labels = [
      'events/2024-01-01',
      'events/2024-01-02',
      'audit/2024-01-02',
      'events/2024-01-03',
      'events/2026-11-22',
      'audit/2026-11-22',
    ];
    const { retention, vault, actions } = await setUp(database, labels);
    await retention.look();
    assert.equal(vault.intents.length, 0, 'nothing without a policy');
    for (const name of ['events', 'audit'])
      vault.policies.push({ class: name, keepDays: 365, id: name, agreedAtMs: nowMs });
    const hold = await retention.holds.place({
      name: 'Case 7',
      reason: 'court',
      classes: ['events', 'recordings'],
      fromDay: '2024-01-01',
      toDay: '2024-01-01',
      actor,
    });
    assert.deepEqual(hold.keyIds, [idOf('events/2024-01-01')]);
    assert.deepEqual(await heldRecordingTimes(vault.destructions), [
      { fromMs: Date.UTC(2024, 0, 1), toMs: Date.UTC(2024, 0, 2) },
    ]);
    await retention.look();
    await retention.look();
    assert.deepEqual(
      vault.intents.map(({ keys }) => keys.map(({ label }) => label)),
      [['audit/2024-01-02', 'events/2024-01-02', 'events/2024-01-03']],
    );
    assert.deepEqual(actions(), ['retention.hold', 'retention.expiry']);
    const { classes } = await retention.overview();
    const events = classes.find((one) => one.name === 'events');
    assert.deepEqual([events?.heldDays, events?.dueDays, events?.kept.days], [1, 2, 4]);
    assert.equal(events?.nextExpiryMs, Date.UTC(2024, 0, 2) + 366 * 86_400_000);
    for (const wrong of [
      {},
      { classes: ['events'], fromDay: '2024-02-02', toDay: '2024-01-01' },
      { classes: ['events'], fromDay: '2024-99-99' },
    ])
      await assert.rejects(retention.holds.place({ name: 'x', reason: 'x', actor, ...wrong }), {
        code: 'hold_invalid',
      });
  });

  test(`a batch whose days are held or kept longer since holds up no other, on ${name}`, async () => {
    const { database } = await open();
    const labels = ['events/2024-01-01', 'vpn/2024-01-02', 'events/2026-11-22', 'vpn/2026-11-22'];
    const { retention, vault } = await setUp(database, labels);
    vault.policies.push({ class: 'events', keepDays: 365, id: 'i', agreedAtMs: nowMs });
    await retention.look();
    const proposed = (): string[][] => vault.intents.map(({ keys }) => keys.map(({ label }) => label));
    assert.deepEqual(proposed(), [['events/2024-01-01']]);
    vault.policies.push({ class: 'vpn', keepDays: 365, id: 'i', agreedAtMs: nowMs });
    const dayBefore = vault.intents.map((intent) => ({ ...intent, atMs: nowMs - 86_400_000 }));
    vault.intents.splice(0, 1, ...dayBefore);
    await retention.look();
    assert.equal(proposed().length, 1, 'it is still due and waits for the vault');
    await retention.holds.place({ name: 'Case 9', reason: 'court', classes: ['events'], actor });
    await retention.look();
    assert.deepEqual(proposed()[1], ['vpn/2024-01-02']);
    const [first] = vault.intents;
    assert.ok(first !== undefined);
    // The erasure of a subject takes names out of days that are held.
    const keys = ['erasing/000000000001', 'subjects/000000000001'].map((label) => ({
      id: label,
      purpose: 'subject-page',
      label,
    }));
    vault.intents.push(
      { ...first, kind: 'request', stage: 'rotated', keys },
      { ...first, kind: 'request', stage: 'destroyed', keys },
    );
    const hold = await retention.holds.place({
      name: 'Case 10',
      reason: 'court',
      classes: ['vpn'],
      toDay: '2024-01-01',
      actor,
    });
    assert.deepEqual(hold.keyIds, ['erasing/000000000001']);
  });

  test(`one administrator gives no source a class that is kept shorter, and not endless classes, on ${name}`, async () => {
    const { database } = await open();
    const { retention, vault, actions } = await setUp(database, []);
    const { sources } = retention;
    vault.policies.push({ class: 'short', keepDays: 1, id: 'i', agreedAtMs: nowMs });
    await assert.rejects(sources.set('vpn', 'short', actor), { code: 'class_kept_shorter' });
    await sources.set('vpn', 'own', actor);
    await assert.rejects(sources.set('vpn', 'short', actor), { code: 'class_kept_shorter' });
    vault.policies.push({ class: 'events', keepDays: 365, id: 'i', agreedAtMs: nowMs });
    await assert.rejects(sources.clear('vpn', actor), { code: 'class_kept_shorter' });
    assert.equal(sources.classOf('vpn'), 'own');
    vault.policies.push({ class: 'own', keepDays: 30, id: 'i', agreedAtMs: nowMs });
    await sources.clear('vpn', actor);
    for (let at = 0; at < 100; at += 1) await sources.set(`s${at}`, `class-${at}`, actor);
    await assert.rejects(sources.set('one-more', 'class-100', actor), { code: 'classes_too_many' });
    await sources.set('one-more', 'class-99', actor);
    assert.equal(actions().length, 103);
  });

  test(`every keeper forgets once and leaves a receipt; one that fails is asked again, also after a restart, on ${name}`, async () => {
    const { database } = await open();
    const asked: string[] = [];
    let isAway = true;
    const keepers: Keeper[] = [
      {
        name: 'search',
        async forget({ ranges }: Erased) {
          asked.push('search');
          return ranges.reduce((sum, { events }) => sum + events, 0);
        },
      },
      {
        name: 'alerts',
        async forget() {
          asked.push('alerts');
          if (isAway) throw new Error('the store is away');
          return 1;
        },
      },
    ];
    const labels = ['events/2024-01-01', 'events/2026-11-22'];
    const { retention, vault, forgotten, actions } = await setUp(database, labels, keepers);
    retention.start();
    await retention.look();
    vault.destroy('events/2024-01-01');
    await retention.stop();
    assert.deepEqual(asked, ['search', 'alerts']);
    assert.deepEqual(forgotten, [idOf('events/2024-01-01')]);
    const [waiting] = await retention.forgetting.list(10);
    assert.deepEqual(waiting?.waiting, [{ keeper: 'alerts', error: 'the store is away' }]);
    assert.equal(waiting?.forgottenAtMs, undefined);
    assert.deepEqual(actions(), []);
    // Another process over the same control database.
    isAway = false;
    const next = await setUp(database, labels, keepers);
    next.vault.destroy('events/2024-01-01');
    await next.retention.look();
    await next.retention.look();
    assert.deepEqual(asked, ['search', 'alerts', 'alerts']);
    const [done] = await next.retention.forgetting.list(10);
    assert.deepEqual(done?.receipts.map(({ keeper, changed }) => [keeper, changed]).toSorted(), [
      ['alerts', 1],
      ['ledger', 0],
      ['search', 10],
    ]);
    assert.equal(done?.forgottenAtMs, nowMs);
    assert.deepEqual(next.pruned, [1], 'what no key opens is let go of once nobody needs it any more');
    assert.deepEqual(next.actions(), ['retention.forgotten']);
    const events = (await next.retention.overview()).classes.find((one) => one.name === 'events');
    assert.deepEqual(events?.erased, { days: 1, events: 10 });
    assert.equal(events?.kept.days, 1);
  });

  test(`a source keeps its class through a restart; what is ours is for no source, on ${name}`, async () => {
    const { database } = await open();
    const { retention, actions } = await setUp(database, []);
    assert.equal(retention.sources.classOf('vpn'), undefined);
    await retention.sources.set('vpn', 'vpn-logs', actor);
    await assert.rejects(retention.sources.set('vpn', 'audit', actor), { code: 'class_reserved' });
    await assert.rejects(retention.sources.clear('web', actor), { code: 'source_class_unknown' });
    const again = await setUp(database, ['vpn-logs/2026-11-01', 'events/2026-10-01']);
    assert.equal(again.retention.sources.classOf('vpn'), 'vpn-logs');
    const hold = await again.retention.holds.place({ name: 'Case 8', reason: 'court', source: 'vpn', actor });
    // What it sent before it had a class of its own lies in `events`.
    assert.deepEqual(hold.keyIds, [idOf('vpn-logs/2026-11-01'), idOf('events/2026-10-01')]);
    assert.deepEqual((await again.retention.overview()).classes.find((one) => one.name === 'vpn-logs')?.sources, [
      'vpn',
    ]);
    await again.retention.sources.clear('vpn', actor);
    assert.deepEqual([...actions(), ...again.actions()], ['retention.source', 'retention.hold', 'retention.source']);
  });
});
