import { randomBytes } from 'node:crypto';
import { createAccessPolicy, createLivePolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { createPolicyLibrary, policyLibraryMigrations } from './index.ts';
import type { PolicyLibrary, RecordedDecisions, Subject } from './index.ts';
import type { AuditEntry } from './recorded-decision.ts';
import type { PolicyTest } from './policy-test.ts';
import { createPolicyThread } from './policy-thread.ts';

/** One for all libraries of a file: it keeps nothing of them but what the engine made of texts. */
const thread = createPolicyThread();

export const bundled = await readPolicyTexts(policiesDirectory);

const person = (name: string, ...roles: string[]): Principal & { kind: 'user' } => ({
  kind: 'user',
  id: `u-${name}`,
  name,
  scopes: [],
  roles,
  assurance: 2,
});
export const ada = person('ada', 'admin');
export const bob = person('bob', 'admin');
export const gus = person('gus', 'guard');
export const ann = person('ann', 'analyst');
export const operator: Principal = { kind: 'operator', id: 'local', name: 'operator', scopes: [] };

export const everybody: readonly Subject[] = [
  ...[ada, bob, gus, ann].map(({ kind, id, name, roles = [] }) => ({ kind, id, name, roles, scopes: [] })),
  { kind: 'key', id: 'k1', name: 'exporter', scopes: ['cameras:export'] },
];

export const noExport = `@id("analysts-do-not-export")
@words("Analysts export no recordings")
forbid (
  principal in Sallyport::Role::"analyst",
  action == Sallyport::Action::"cameras:export",
  resource
);
`;
export const exportTest: PolicyTest = {
  name: 'An analyst exports nothing',
  principal: { kind: 'user', roles: ['analyst'] },
  action: 'cameras:export',
  expect: 'deny',
  policy: 'analysts-do-not-export',
};

/** One server's library over a database that outlives it. */
export async function openLibrary(
  database: Database,
  options: {
    readonly isNew?: boolean;
    readonly bundled?: typeof bundled;
    readonly subjects?: readonly Subject[];
    readonly trail?: readonly AuditEntry[];
    /** What the vault of this server keeps; outlives it when it is handed in again. */
    readonly kept?: { activations: number; next?: number; broken?: Error; numbersBroken?: Error };
    /** One that outlives this process. */
    readonly ledgerAt?: (clock: ReturnType<typeof createManualClock>) => Promise<MemoryLedger>;
  } = {},
) {
  if (options.isNew !== false) await migrate(database, [ledgerMigrations, policyLibraryMigrations]);
  const clock = createManualClock(Date.UTC(2026, 0, 7, 12));
  const ledger = (await options.ledgerAt?.(clock)) ?? createMemoryLedger({ clock });
  const outbox = createOutbox({
    database,
    ledger,
    key: new Uint8Array(32).fill(7),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const texts = options.bundled ?? bundled;
  const kept: { activations: number; next?: number; broken?: Error; numbersBroken?: Error } = options.kept ?? {
    activations: 0,
  };
  const live = createLivePolicy(createAccessPolicy(texts));
  const library: PolicyLibrary = createPolicyLibrary({
    database,
    sealingKey: new Uint8Array(32).fill(5),
    random: randomBytes,
    bundled: texts,
    live,
    decisions: createTrail(options.trail ?? []),
    timeZone: 'UTC',
    subjects: async () => options.subjects ?? everybody,
    sites: async () => ['gate', 'yard'],
    mark: {
      async read() {
        if (kept.broken !== undefined) throw kept.broken;
        return kept.activations;
      },
      async write(activations) {
        kept.activations = activations;
        delete kept.broken;
      },
    },
    numbersMark: {
      async read() {
        if (kept.numbersBroken !== undefined) throw kept.numbersBroken;
        return kept.next ?? 0;
      },
      async write(next) {
        kept.next = next;
      },
    },
    outbox,
    clock,
    every: () => () => undefined,
    thread,
    log: createLog({ write: () => undefined, clock, level: 'error' }),
  });
  await library.start();
  const may = (principal: Principal, action: string): boolean =>
    live.decide({ principal, action, risk: { value: 0, isFresh: true }, context: { channel: 'network' } }).allowed;
  return { library, live, ledger, outbox, may };
}

/** An audit trail that is an array, newest first; it may grow meanwhile. */
function createTrail(trail: readonly AuditEntry[]): RecordedDecisions {
  return {
    async page({ limit, after }) {
      const from = after === undefined ? 0 : trail.findIndex(({ position }) => position === after) + 1;
      const entries = trail.slice(from, from + limit);
      const last = entries.at(-1);
      return { entries, ...(last === undefined || from + limit >= trail.length ? {} : { next: last.position }) };
    },
    at: async (wanted) => trail.find(({ position }) => position === wanted),
    withRequest: async (id) => trail.filter(({ details }) => JSON.stringify(details).includes(id)),
  };
}
