import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { comparePositions } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createDetection, detectionMigrations } from '@sallyport/detection';
import type { Detection } from '@sallyport/detection';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Projection } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createDocumentSources } from './document-store.ts';
import { ruleDocumentMigrations } from './index.ts';
import { createRuleDocuments } from './rule-documents.ts';
import type { RuleDocuments } from './rule-documents.ts';

export const ada: Principal = {
  kind: 'user',
  id: 'u1',
  name: 'Ada',
  scopes: ['rules:read', 'rules:write', 'rules:manage', 'audit:read'],
};
export const bob: Principal = { kind: 'user', id: 'u2', name: 'Bob', scopes: ['rules:read', 'rules:write'] };

export const uuid = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;

/** A rule that matches a process of this name. */
export function ruleText(tool: string, id = uuid(1), extra = ''): string {
  return `title: Tool ${tool}
id: ${id}
description: d
tags: [attack.t1059]
logsource:
  product: windows
  category: process_creation
detection:
  sel:
    Image|endswith: '\\${tool}.exe'
  condition: sel
level: high
${extra}`;
}

/** A record of Sysmon that a process started. */
export const started = (tool: string, more: JsonObject = {}): JsonObject => ({
  EventID: 1,
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  Image: `C:\\${tool}.exe`,
  ...more,
});

export type Library = {
  readonly documents: RuleDocuments;
  readonly detection: Detection;
  /** As a process that starts: everything anew over the same database and ledger. */
  restart(): Promise<Library>;
};

/** The library and detection over one ledger in memory and a database that both outlive them. */
export async function openLibrary() {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-library-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, detectionMigrations, ruleDocumentMigrations]);
  const clock = createManualClock(Date.UTC(2026, 0, 2));
  const ledger = createMemoryLedger({ clock });
  const nowMs = (): number => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const open: Library[] = [];

  async function restart(): Promise<Library> {
    const sealing = { database, sealingKey: new Uint8Array(32).fill(5), random: randomBytes };
    const sources = createDocumentSources(sealing);
    const detection = await createDetection({
      ledger,
      database,
      outbox,
      clock,
      every: () => () => undefined,
      ruleDirectories: [],
      ruleSources: sources,
      correlationKey: new Uint8Array(32).fill(7),
      limits: { matchingThreads: 1 },
    });
    const documents = createRuleDocuments({
      ...sealing,
      detection,
      ledger,
      outbox,
      clock,
      limits: { checkMs: 20_000 },
    });
    const library = { documents, detection, restart };
    open.push(library);
    return library;
  }

  after(async () => {
    for (const { documents, detection } of open) {
      await documents.close();
      await detection.close();
    }
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  return {
    database,
    ledger,
    clock,
    /** The process that runs; its threads are most of the time of a test. */
    async start(): Promise<Library> {
      return open.at(-1) ?? restart();
    },
    async send(records: readonly JsonObject[]): Promise<void> {
      const entries = records.map((record) => ({
        classUid: 1007,
        body: Buffer.from(JSON.stringify({ class_uid: 1007, metadata: {}, raw_data: JSON.stringify(record) })),
        sequence: 0,
        stream: randomBytes(8).toString('hex'),
      }));
      await ledger.append({ collector: 'intake/test', priority: 'intake', entries });
    },
    /** Runs projections until they are at the head, what they append included. */
    async catchUp(...projections: readonly Projection[]): Promise<void> {
      for (const projection of projections) {
        let { cursor } = await projection.load(ledger.head());
        while (comparePositions(cursor, ledger.head()) < 0) {
          const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1_000_000 });
          if (comparePositions(range.to, cursor) === 0) break;
          await projection.apply(range);
          cursor = range.to;
        }
      }
    },
    /** Actions of the audit trail, in order, that are about documents. */
    audited(): readonly JsonObject[] {
      return ledger
        .events()
        .flatMap(({ body }) => (body === undefined ? [] : [JSON.parse(new TextDecoder().decode(body))]))
        .filter((event) => String(event.message).startsWith('rule_document.'));
    },
    findings: (): number => ledger.events().filter(({ classUid }) => classUid === 2004).length,
  };
}

/** Every text of a database, to look for what should not be in it. */
export async function everyText(database: Database, tables: readonly string[]): Promise<string> {
  const rows = await Promise.all(
    tables.map((table) => database.withTables<Record<string, object>>().selectFrom(table).selectAll().execute()),
  );
  return JSON.stringify(rows);
}
