import { randomBytes } from 'node:crypto';
import { comparePositions, parseJson } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import { createCorrelations } from '@sallyport/detection';
import type { Detection, EventOutcome } from '@sallyport/detection';
import { isAuditRecord } from '@sallyport/ledger';
import type { LedgerEvent, LedgerRange, Projection } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import { createTurns } from '@sallyport/platform/turns';
import type { DocumentStore } from './document-store.ts';
import { closedBy } from './closed-windows.ts';
import { documentFolder } from './document.ts';
import type { RuleReader } from './rule-reader.ts';
import { later } from './staging-store.ts';
import type { StagedMatch, StagingStore } from './staging-store.ts';

/** Staged documents on the stream: matched, counted, and never told as findings. */
export type Staging = {
  readonly projection: Projection;
  /**
   * Changes what is staged while no event is matched; it is read again before the next ones. What is being matched is broken off and begun anew, so that
   * nothing that is slow can keep itself from being taken out.
   */
  change<Result>(task: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

export type StagingNeeds = {
  readonly database: Database;
  readonly detection: Pick<Detection, 'openMatcher' | 'ruleSet'>;
  readonly reader: Pick<RuleReader, 'check' | 'sourcesOf'>;
  readonly documents: Pick<DocumentStore, 'sources'>;
  readonly store: StagingStore;
};

type Matcher = Awaited<ReturnType<Detection['openMatcher']>>;
type InStaging = {
  readonly matcher: Matcher;
  readonly correlations: ReturnType<typeof createCorrelations>;
  /** Document by file, and since where it is staged. */
  readonly documents: ReadonlyMap<string, { readonly id: string; readonly since: Position }>;
  readonly hash: string;
};

const groups = 20_000;

/**
 * A projection of its own with a matcher of its own: staged rules see the stream as detection does, but nothing of theirs reaches detection, and
 * a slow one holds up nothing but this. Counts and cursor are one transaction. With nothing staged, events pass unread.
 */
export function createStaging(needs: StagingNeeds): Staging {
  const { database, detection, store } = needs;
  const inTurn = createTurns();
  let staged: InStaging | undefined;
  let isDirty = true;
  let closing = false;
  let waiting = 0;

  async function refresh(): Promise<void> {
    const { hash } = detection.ruleSet();
    if (!isDirty && (staged === undefined || staged.hash === hash)) return;
    isDirty = false;
    await staged?.matcher.close();
    staged = undefined;
    const sources = await needs.documents.sources('staged_version');
    if (sources.length === 0) return;
    const context = new Set<string>();
    for (const { id, file, text } of sources) {
      const checked = await needs.reader.check({ file, text, replaces: documentFolder(id) });
      for (const name of checked.contextFiles) context.add(name);
    }
    // The version in force of a document gives way to the one in staging.
    const folders = sources.map(({ id }) => documentFolder(id));
    const others = [...context].filter((file) => !folders.some((folder) => file.startsWith(folder)));
    const beside = await needs.reader.sourcesOf(others);
    const matcher = await detection.openMatcher([...sources.map(({ file, text }) => ({ file, text })), ...beside]);
    const correlations = createCorrelations(randomBytes(32), groups);
    correlations.use(matcher.rules);
    const since = await store.since();
    const documents = new Map(
      sources.flatMap(({ id, file }) => {
        const from = since.get(id);
        return from === undefined ? [] : [[file, { id, since: from }]];
      }),
    );
    staged = { matcher, correlations, documents, hash };
  }

  /** False when somebody waits to change what is staged: then nothing came of it. */
  async function apply(range: LedgerRange): Promise<boolean> {
    await refresh();
    if (staged === undefined) return true;
    const matches = await matchesIn(staged, range.events);
    if (matches === undefined) {
      isDirty = true;
      return false;
    }
    await database.transaction().execute(async (transaction) => {
      await store.add(transaction, matches);
      await store.writeCursor(transaction, range.to);
    });
    return true;
  }

  async function matchesIn(held: InStaging, events: readonly LedgerEvent[]): Promise<StagedMatch[] | undefined> {
    const oldest = [...held.documents.values()].map(({ since }) => since);
    const wanted = events.filter(
      ({ position, body }) => body !== undefined && oldest.some((since) => comparePositions(position, since) >= 0),
    );
    const found: StagedMatch[] = [];
    let at = 0;
    for await (const outcomes of held.matcher.match(wanted.flatMap(({ body }) => body ?? []))) {
      for (const outcome of outcomes) {
        const event = wanted[at];
        at += 1;
        if (event !== undefined) found.push(...matchesOf(held, event, outcome));
      }
      if (closing) throw new TypeError('staging is being closed');
      if (waiting > 0) return undefined;
    }
    return found;
  }

  /** Of the rules of staged documents; those they count stand in files of others and are not told. */
  function matchesOf(held: InStaging, event: LedgerEvent, outcome: EventOutcome): StagedMatch[] {
    const { matcher, correlations, documents } = held;
    const ids = closedBy(correlations, event, outcome);
    if (outcome.kind === 'scanned')
      for (const match of outcome.matches) {
        ids.push(match.ruleId);
        for (const { finding } of correlations.count(event, match)) ids.push(finding.correlationId);
      }
    correlations.takeChanges();
    return [...new Set(ids)].flatMap((ruleId) => {
      const rule = matcher.rules.get(ruleId);
      const document = rule === undefined ? undefined : documents.get(rule.file);
      // As in force: a rule that only feeds a correlation gives nothing of its own.
      if (rule === undefined || document === undefined || !rule.generates) return [];
      if (comparePositions(event.position, document.since) < 0) return [];
      const { position, receivedAtMs: receivedMs } = event;
      const isAudit = isAuditRecord(recordIn(event.body));
      return [{ documentId: document.id, ruleId, title: rule.title, position, receivedMs, isAudit }];
    });
  }

  return {
    projection: {
      name: 'rule-staging',
      load: (head) =>
        inTurn(async () => {
          isDirty = true;
          const since = [...(await store.since()).values()].toSorted(comparePositions)[0];
          if (since === undefined) return { cursor: head };
          // Ahead of the log: the control database is newer than the ledger.
          const cursor = later((await store.readCursor()) ?? since, since);
          return { cursor: comparePositions(cursor, head) > 0 ? head : cursor };
        }),
      async apply(range) {
        while (!(await inTurn(() => apply(range)))) continue;
      },
    },
    async change(task) {
      waiting += 1;
      return inTurn(async () => {
        waiting -= 1;
        try {
          return await task();
        } finally {
          isDirty = true;
        }
      });
    },
    async close() {
      closing = true;
      await inTurn(async () => {
        await staged?.matcher.close();
        staged = undefined;
      });
    },
  };
}

/** What is no JSON counts as an audit record: nobody is shown what nobody can tell. */
function recordIn(body: Uint8Array | undefined): JsonValue | undefined {
  try {
    return body === undefined ? undefined : parseJson(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
