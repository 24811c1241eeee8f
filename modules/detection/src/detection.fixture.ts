import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { comparePositions } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import type { Ledger, Projection } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { detectionMigrations } from './cursor.ts';
import { createDetection } from './detection.ts';
import type { DetectionNeeds } from './needs.ts';

export const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A Sigma rule; by default one that matches a process named certutil.exe. */
export function ruleText(input: { id: string; title?: string; detection?: string; extra?: string }): string {
  const detection = input.detection ?? "selection:\n    Image|endswith: '\\certutil.exe'\n";
  const title = input.title ?? 'Certutil';
  return `title: ${title}\nid: ${input.id}\nlogsource:\n  product: windows\n${input.extra ?? ''}detection:\n  ${detection}  condition: selection\nlevel: high\n`;
}

/** An event as intake leaves it in the ledger. */
export function processEvent(image: string): JsonValue {
  return {
    class_uid: 1007,
    category_uid: 1,
    type_uid: 100_701,
    activity_id: 1,
    severity_id: 1,
    time: 0,
    metadata: { version: '1.8.0' },
    device: { hostname: 'web-1' },
    raw_data: JSON.stringify({ EventID: 1, Channel: 'Microsoft-Windows-Sysmon/Operational', Image: image }),
  };
}

/** A rule directory to write to, removed after the file's tests. */
function createRuleDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-detection-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return { name: 'own', path, write: (file: string, text: string) => writeFileSync(join(path, file), text) };
}

/** Detection on an empty database and a ledger in memory; `restart` makes another on the same state. */
export async function setUp(database: Database, overrides: Partial<DetectionNeeds> = {}) {
  const clock = createManualClock(startMs);
  const ledger = createMemoryLedger({ clock });
  const directory = createRuleDirectory();
  directory.write('certutil.yml', ruleText({ id: 'r-certutil' }));
  await migrate(database, [ledgerMigrations, detectionMigrations]);
  const nowMs = () => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const needs: DetectionNeeds = {
    ledger,
    database,
    outbox,
    clock,
    every: () => () => undefined,
    ruleDirectories: [directory],
    correlationKey: new Uint8Array(32).fill(7),
    ...overrides,
  };
  const restart = async (changes: Partial<DetectionNeeds> = {}) => {
    const detection = await createDetection({ ...needs, ...changes });
    after(() => detection.close());
    return detection;
  };
  return { clock, ledger, directory, restart, detection: await restart() };
}

export async function append(
  ledger: Ledger,
  bodies: readonly (JsonValue | Uint8Array)[],
): Promise<readonly Position[]> {
  const entries = bodies.map((body) => ({
    classUid: 1007,
    body: body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body)),
    sequence: 0,
    stream: randomBytes(8).toString('hex'),
  }));
  return ledger.append({ collector: 'intake/test', priority: 'intake', entries });
}

/** Runs the projection until it is at the head, its own findings included. */
export async function catchUp(projection: Projection, ledger: Ledger): Promise<void> {
  let { cursor } = await projection.load(ledger.head());
  while (comparePositions(cursor, ledger.head()) < 0) {
    const range = await ledger.read(cursor, { maxEvents: 100, maxBytes: 1_000_000 });
    if (comparePositions(range.to, cursor) === 0) return;
    await projection.apply(range);
    cursor = range.to;
  }
}
