import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { comparePositions, parseFinding, parseJson } from '@sallyport/contracts';
import type { Finding, JsonValue } from '@sallyport/contracts';
import { createDetection, detectionMigrations } from '@sallyport/detection';
import type { Detection } from '@sallyport/detection';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createRuleExceptions, ruleExceptionMigrations } from './index.ts';
import type { ExceptionText } from './exception.ts';
import type { Matcher, StoredFinding } from './needs.ts';
import { files, known, watchFiles } from './rules.fixture.ts';
import type { Trial } from './trials.ts';

export const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const dayMs = 86_400_000;

export const analyst: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Ada',
  scopes: ['alerts:read', 'events:read', 'rules:manage'],
};
export const colleague: Principal = { ...analyst, id: 'u2', name: 'Bob' };
export const administrator: Principal = {
  ...analyst,
  id: 'u3',
  name: 'Cleo',
  scopes: [...analyst.scopes, 'settings:manage'],
};

/** An event as intake leaves it in the ledger. */
export function processEvent(fields: Readonly<Record<string, string>>, program = 'certutil'): JsonValue {
  const { Computer = 'web-1', User = 'alice', ...rest } = fields;
  const image = `C:\\Windows\\${program}.exe`;
  return {
    class_uid: 1007,
    category_uid: 1,
    type_uid: 100_701,
    activity_id: 1,
    severity_id: 1,
    time: 0,
    metadata: { version: '1.8.0' },
    device: { hostname: Computer },
    actor: { user: { name: User } },
    raw_data: JSON.stringify({
      EventID: 1,
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      Image: image,
      Computer,
      User,
      ...rest,
    }),
  };
}

export const ofUser = (user: string): string => `who:\n  User: ${user}\ncondition: who\n`;

export function textOf(changes: Partial<ExceptionText> = {}): ExceptionText {
  return {
    name: 'Backup',
    reason: 'Change 1234',
    rules: ['r-certutil'],
    condition: ofUser('svc-backup'),
    untilMs: startMs + 30 * dayMs,
    ...changes,
  };
}

let trialMatcher: ReturnType<Detection['openMatcher']> | undefined;
after(async () => (await trialMatcher)?.close());

const emptyMatcher: Matcher = {
  async *match() {},
  except: async () => [],
  close: async () => undefined,
};

/**
 * Detection with exceptions on an empty database and a ledger in memory; `restart` makes others on the same state. A matching thread takes its time to
 * start: what is about texts alone does without one.
 */
export async function setUp({
  detects = true,
  watches = false,
}: { readonly detects?: boolean; readonly watches?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-exceptions-'));
  const rules = mkdtempSync(join(tmpdir(), 'sallyport-exception-rules-'));
  for (const [file, text] of Object.entries({ ...files, ...(watches ? watchFiles : {}) }))
    writeFileSync(join(rules, file), text);
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, detectionMigrations, ruleExceptionMigrations]);
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const dispositions = new Map<string, string>();
  const open: { close(): Promise<void> }[] = [];

  /** What the ledger holds of findings, as alerts would give them out: each an alert of its own. */
  function storedFindings(): StoredFinding[] {
    return findings(ledger.events()).map(({ finding, position }) => {
      const disposition = dispositions.get(finding.uid);
      return {
        position,
        input: finding.input,
        atMs: finding.createdAtMs,
        alertId: finding.uid,
        ruleId: finding.rule.id,
        title: finding.title,
        level: finding.level,
        ...(disposition === undefined ? {} : { disposition }),
      };
    });
  }

  async function restart() {
    const exceptions = createRuleExceptions({
      database,
      ledger,
      outbox,
      clock,
      random: randomBytes,
      sealingKey: new Uint8Array(32).fill(3),
      rules: () => detection?.ruleSet().rules ?? known,
      sources: async () => detection?.sources() ?? [],
      openMatcher: async () => {
        if (detection === undefined) return emptyMatcher;
        // One thread for all trials: starting one takes longer than they do.
        trialMatcher ??= detection.openMatcher(await detection.sources());
        const matcher = await trialMatcher;
        // What was read under a key is not read again until it is taken away.
        return { ...matcher, close: async () => void (await matcher.except([])) };
      },
      findings: async ({ rules: wanted, sinceMs, before, limit }) =>
        storedFindings()
          .filter(
            (one) =>
              (wanted === 'all' || wanted.includes(one.ruleId)) &&
              one.atMs >= sinceMs &&
              (before === undefined || comparePositions(one.position, before) < 0),
          )
          .toReversed()
          .slice(0, limit),
      countFindings: async ({ rules: wanted, sinceMs }) =>
        storedFindings().filter((one) => (wanted === 'all' || wanted.includes(one.ruleId)) && one.atMs >= sinceMs)
          .length,
    });
    const detection: Detection | undefined = detects
      ? await createDetection({
          ledger,
          database,
          outbox,
          clock,
          every: () => () => undefined,
          ruleDirectories: [{ name: 'own', path: rules }],
          correlationKey: new Uint8Array(32).fill(7),
          limits: { matchingThreads: 1 },
          exceptions: exceptions.live,
        })
      : undefined;
    open.push(exceptions, ...(detection === undefined ? [] : [detection]));
    return { exceptions, detection };
  }

  after(async () => {
    for (const one of open) await one.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
    rmSync(rules, { recursive: true, force: true });
  });
  const first = await restart();
  return {
    ...first,
    restart,
    clock,
    ledger,
    database,
    dispositions,
    databaseFile: join(directory, 'control.db'),
    send: (bodies: readonly JsonValue[]) =>
      ledger.append({
        collector: 'intake/test',
        priority: 'intake',
        entries: bodies.map((body) => ({
          classUid: 1007,
          body: new TextEncoder().encode(JSON.stringify(body)),
          sequence: 0,
          stream: randomBytes(8).toString('hex'),
        })),
      }),
    /** Runs detection to the head of the ledger. */
    async scan(detection: Detection | undefined = first.detection) {
      if (detection === undefined) throw new TypeError('Cannot scan without detection');
      let { cursor } = await detection.projection.load(ledger.head());
      while (comparePositions(cursor, ledger.head()) < 0) {
        const range = await ledger.read(cursor, { maxEvents: 1000, maxBytes: 10_000_000 });
        if (comparePositions(range.to, cursor) === 0) return;
        await detection.projection.apply(range);
        cursor = range.to;
      }
    },
    /** `RULE USER` of each finding, in order. */
    told: () => findings(ledger.events()).map(({ finding }) => `${finding.rule.id} ${finding.user ?? ''}`),
    uids: () => findings(ledger.events()).map(({ finding }) => finding.uid),
    /** Details of the audit events of an action. */
    audited: (action: string) =>
      ledger.events().flatMap(({ body }) => {
        const text = new TextDecoder().decode(body);
        return text.includes(`"event_code":"${action}"`) ? [text] : [];
      }),
    async tried(exceptions: typeof first.exceptions, text: ExceptionText, by = analyst): Promise<Trial> {
      const { id } = await exceptions.try({ text, days: 30, by });
      for (;;) {
        const trial = exceptions.trial(id, by);
        if (trial.state !== 'running') return trial;
        await nextTurn();
      }
    },
  };
}

function findings(events: ReturnType<ReturnType<typeof createMemoryLedger>['events']>) {
  return events.flatMap(({ classUid, body, position }): { finding: Finding; position: typeof position }[] => {
    if (classUid !== 2004) return [];
    const finding = parseFinding(parseJson(new TextDecoder().decode(body)));
    return finding === undefined ? [] : [{ finding, position }];
  });
}

export const accepted = { accepted: ['not_tried'] as const, by: analyst };

export const backup = processEvent({ User: 'svc-backup' });
export const alice = processEvent({ User: 'alice' });
