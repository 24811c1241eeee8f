import type { JsonObject } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import type { CheckedText } from './checked-text.ts';
import { documentEvent } from './document-event.ts';
import type { DocumentAction } from './document-event.ts';
import { refuseErased } from './erased-origins.ts';
import { hashOf, testsHashOf } from './document-store.ts';
import type { DocumentStore } from './document-store.ts';
import { documentFile, documentFolder, documentLimits as limits } from './document.ts';
import type { RuleDocument, RuleTest, RuleVersion, VersionSummary } from './document.ts';
import { RuleDocumentError } from './errors.ts';
import type { RuleDocumentsNeeds } from './needs.ts';
import { createLanes } from './lanes.ts';
import type { RuleReader } from './rule-reader.ts';
import type { StagingStore } from './staging-store.ts';
import { tryTests } from './try-tests.ts';
import type { TestResult } from './try-tests.ts';

export type Draft = {
  readonly text: string;
  readonly cases: readonly RuleTest[];
  /** What people call it; the title of its first rule when undefined. */
  readonly name?: string;
  readonly note?: string;
};

/** A text with what can be honoured of it, and what its tests came to. */
export type Tried = { readonly checked: CheckedText; readonly results: readonly TestResult[] };
export type Saved = Tried & { readonly document: RuleDocument };

/** What changes documents. Every change leaves an audit event, durable before it resolves; one after another. */
export type Documents = {
  /** Never throws for what stands in text or tests, but for their size: `rule_document_invalid`. */
  attempt(draft: Draft, id?: string): Promise<Tried>;
  /** A draft may be wrong: it is saved all the same. Throws `rule_documents_full`, `rule_document_invalid`. */
  create(draft: Draft, by: Principal): Promise<Saved>;
  /** Another version on top of `expected`. Throws `rule_document_conflict` when somebody saved meanwhile. */
  save(id: string, draft: Draft, expected: number, by: Principal): Promise<Saved>;
  /**
   * Matches a version on the stream, without findings. Throws `rule_document_refused` and `rule_tests_failed`, with the first reason;
   * `rule_document_conflict` when it is not the newest one.
   */
  stage(id: string, version: number, by: Principal): Promise<RuleDocument>;
  unstage(id: string, by: Principal): Promise<RuleDocument>;
  /**
   * Puts the version in staging into force: recorded, then loaded without a gap. Throws as `stage`, and `rules_unloadable` of detection: it is then
   * in force from the next reload or start on.
   */
  activate(id: string, version: number, by: Principal): Promise<RuleDocument>;
  /** Takes it out of force and of staging. */
  retire(id: string, by: Principal): Promise<RuleDocument>;
  /** All of its versions. Throws `rule_document_in_force`. */
  remove(id: string, by: Principal): Promise<void>;
  /** Takes tests that `isGone` out of all versions, between two changes; says how many. */
  dropTests(isGone: (test: RuleTest) => boolean): Promise<number>;
};

type Needs = Pick<RuleDocumentsNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'ledger' | 'detection'> & {
  readonly store: DocumentStore;
  readonly stagingStore: StagingStore;
  readonly reader: Pick<RuleReader, 'check' | 'sourcesOf'>;
  /** Runs what changes what is staged while no event is matched. */
  readonly changeStaged: <Result>(task: () => Promise<Result>) => Promise<Result>;
};

export function createDocuments(needs: Needs): Documents {
  const { store, stagingStore, reader, clock } = needs;
  const inTurn = createTurns();
  const tries = createLanes(tryLanes);

  async function known(id: string): Promise<RuleDocument> {
    const document = await store.get(id);
    if (document !== undefined) return document;
    throw new RuleDocumentError('rule_document_unknown', `Cannot find rule document "${id}"`);
  }

  async function versionOf(id: string, version: number): Promise<RuleVersion> {
    const found = await store.version(id, version);
    if (found !== undefined) return found;
    throw new RuleDocumentError('rule_document_unknown', `Cannot find version ${version} of rule document "${id}"`);
  }

  async function attempt({ text, cases }: Pick<Draft, 'text' | 'cases'>, id = 'new', version = 0): Promise<Tried> {
    refuseTooLarge(text);
    const source = { file: documentFile(id, version), text };
    const checked = await reader.check({ ...source, replaces: documentFolder(id) });
    // What is refused is not given to the matcher: it did not come to an end, or there is nothing to match with.
    const hasRules = checked.parts.some(({ kind }) => kind === 'rule' || kind === 'correlation');
    if (!hasRules || checked.refusals.some(({ code }) => code === 'too_complex'))
      return { checked, results: cases.map(untried) };
    const context = await reader.sourcesOf(checked.contextFiles);
    const nowMs = (): number => clock.nowMs();
    const results = await tries(() => tryTests({ detection: needs.detection, nowMs }, source, context, cases));
    return { checked, results };
  }

  /** One transaction with its audit event; resolves when the ledger has it. What is staged changes between two events. */
  async function record(
    change: {
      readonly action: DocumentAction;
      readonly document: Pick<RuleDocument, 'id' | 'name'>;
      readonly by: Principal;
      readonly details: JsonObject;
    },
    apply: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    const { action, document, by, details } = change;
    const event = documentEvent({ nowMs: clock.nowMs(), actor: by, action, document, details });
    const store = (): Promise<void> =>
      needs.database.transaction().execute(async (transaction) => {
        await apply(transaction);
        await needs.outbox.record(transaction, event);
      });
    await (movesStaging.has(action) ? needs.changeStaged(store) : store());
    await needs.outbox.flushed();
  }

  async function add(draft: Draft, by: Principal, before: RuleDocument | undefined): Promise<Saved> {
    await refuseErased(needs.ledger, draft.cases);
    const id = before?.id ?? Buffer.from(needs.random(12)).toString('hex');
    const tried = await attempt(draft, id, (before?.version ?? 0) + 1);
    const name = nameOf(draft, tried.checked, before);
    const made = {
      text: draft.text,
      cases: draft.cases,
      name,
      note: (draft.note ?? '').slice(0, limits.note),
      author: { kind: by.kind, id: by.id, name: by.name },
      savedMs: clock.nowMs(),
    };
    const details = {
      version: (before?.version ?? 0) + 1,
      text_sha256: hashOf(draft.text),
      tests_sha256: testsHashOf(draft.cases),
      ...(before === undefined
        ? {}
        : {
            before: { version: before.version, text_sha256: before.head.textHash, tests_sha256: before.head.testsHash },
          }),
      refusals: tried.checked.refusals.length,
      tests: draft.cases.length,
      tests_failed: tried.results.filter(({ passed }) => !passed).length,
    };
    const action = before === undefined ? 'create' : 'save';
    await record({ action, document: { id, name }, by, details }, async (transaction) => {
      if (before === undefined && (await store.count(transaction)) >= limits.documents)
        throw new RuleDocumentError(
          'rule_documents_full',
          `Cannot keep another document: there are ${limits.documents}`,
          {
            hint: 'delete retired ones',
          },
        );
      await store.add(transaction, id, made, before);
    });
    return { ...tried, document: await known(id) };
  }

  /** Throws unless every rule can be honoured and every test holds. */
  async function refuseUnsound(id: string, found: RuleVersion): Promise<CheckedText> {
    const { checked, results } = await attempt(found, id, found.version);
    const refusal = checked.refusals[0] ?? checked.warnings.find(({ code }) => blocking.has(code));
    if (refusal !== undefined)
      throw new RuleDocumentError(
        'rule_document_refused',
        `Cannot use version ${found.version}: line ${refusal.line}: ${refusal.message}`,
        { details: { line: refusal.line } },
      );
    const failed = results.find(({ passed }) => !passed);
    if (failed !== undefined)
      throw new RuleDocumentError(
        'rule_tests_failed',
        `Cannot use version ${found.version}: test "${failed.name}" fails: ${failed.reason ?? ''}`,
      );
    return checked;
  }

  const hashesOf = ({ version, textHash, testsHash }: VersionSummary): JsonObject => ({
    version,
    text_sha256: textHash,
    tests_sha256: testsHash,
  });

  async function hashesIn(id: string, version: number | undefined): Promise<JsonObject | null> {
    const found = version === undefined ? undefined : await store.version(id, version);
    return found === undefined ? null : hashesOf(found);
  }

  return {
    attempt: (draft, id) => attempt(draft, id),
    dropTests: (isGone) => inTurn(() => store.dropTests(isGone)),
    create: (draft, by) => inTurn(() => add(draft, by, undefined)),
    save: (id, draft, expected, by) =>
      inTurn(async () => {
        const before = await known(id);
        refuseOther(before, expected);
        return add(draft, by, before);
      }),
    stage: (id, version, by) =>
      inTurn(async () => {
        const document = await known(id);
        refuseOther(document, version);
        const found = await versionOf(id, version);
        await refuseUnsound(id, found);
        const staged = (await store.list()).filter((one) => one.stagedVersion !== undefined && one.id !== id);
        if (staged.length >= limits.staged)
          throw new RuleDocumentError(
            'rule_documents_full',
            `Cannot stage another document: ${limits.staged} are staged`,
          );
        const details = { ...hashesOf(found), before: await hashesIn(id, document.stagedVersion) };
        await record({ action: 'stage', document, by, details }, async (transaction) => {
          await store.move(transaction, id, { staged_version: version });
          await stagingStore.begin(transaction, id, needs.ledger.head(), clock.nowMs());
        });
        return known(id);
      }),
    unstage: (id, by) =>
      inTurn(async () => {
        const document = await known(id);
        if (document.stagedVersion === undefined) return document;
        const details = { before: await hashesIn(id, document.stagedVersion) };
        await record({ action: 'unstage', document, by, details }, async (transaction) => {
          await store.move(transaction, id, { staged_version: null });
          await stagingStore.clear(transaction, id);
        });
        return known(id);
      }),
    activate: (id, version, by) =>
      inTurn(async () => {
        const document = await known(id);
        if (document.stagedVersion !== version)
          throw new RuleDocumentError(
            'rule_document_conflict',
            `Cannot activate version ${version}: ${document.stagedVersion === undefined ? 'nothing' : `version ${document.stagedVersion}`} is staged`,
            { hint: 'stage it first, and look at what it matches' },
          );
        const found = await versionOf(id, version);
        await refuseUnsound(id, found);
        const details = { ...hashesOf(found), before: await hashesIn(id, document.activeVersion) };
        await record({ action: 'activate', document, by, details }, async (transaction) => {
          await store.move(transaction, id, { staged_version: null, active_version: version, retired_ms: null });
          await stagingStore.clear(transaction, id);
        });
        await needs.detection.reload(by);
        return known(id);
      }),
    retire: (id, by) =>
      inTurn(async () => {
        const document = await known(id);
        const { activeVersion } = document;
        const details = { before: await hashesIn(id, activeVersion ?? document.stagedVersion) };
        await record({ action: 'retire', document, by, details }, async (transaction) => {
          await store.move(transaction, id, { staged_version: null, active_version: null, retired_ms: clock.nowMs() });
          await stagingStore.clear(transaction, id);
        });
        if (activeVersion !== undefined) await needs.detection.reload(by);
        return known(id);
      }),
    remove: (id, by) =>
      inTurn(async () => {
        const document = await known(id);
        if (document.stagedVersion !== undefined || document.activeVersion !== undefined)
          throw new RuleDocumentError(
            'rule_document_in_force',
            `Cannot delete "${document.name}": it is ${document.state}`,
            {
              hint: 'retire it first',
            },
          );
        const details = { before: hashesOf(document.head) };
        await record({ action: 'delete', document, by, details }, (transaction) => store.remove(transaction, id));
      }),
  };
}

/** Each holds a thread of detection's. */
const tryLanes = { lanes: 2, waiting: 16 } as const;

const movesStaging: ReadonlySet<DocumentAction> = new Set(['stage', 'unstage', 'activate', 'retire']);

/** Warnings under which a version would not come into force, or not be the same rule as the one before. */
const blocking: ReadonlySet<string> = new Set(['id_taken', 'id_missing']);

function untried({ name, expect }: RuleTest): TestResult {
  return { name, expect, passed: false, matched: [], reason: 'not tried: there is no rule that could match' };
}

function refuseTooLarge(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.textBytes)
    throw new RuleDocumentError(
      'rule_document_invalid',
      `Cannot take the text: it has ${bytes} bytes, must be at most ${limits.textBytes}`,
    );
}

function refuseOther({ version, head }: RuleDocument, expected: number): void {
  if (version === expected) return;
  throw new RuleDocumentError(
    'rule_document_conflict',
    `Cannot go on from version ${expected}: ${head.author.name} saved version ${version} meanwhile`,
    { details: { version }, hint: 'look at what was changed, then save on top of it' },
  );
}

function nameOf(draft: Draft, checked: CheckedText, before: RuleDocument | undefined): string {
  const given = draft.name?.trim() ?? '';
  const title = checked.parts.find(({ kind }) => kind === 'correlation')?.title ?? checked.parts[0]?.title;
  const name = given === '' ? (title ?? before?.name ?? 'Untitled') : given;
  return name.slice(0, limits.name);
}
