import type { Position } from '@sallyport/contracts';
import type { Projection } from '@sallyport/ledger';
import type { CheckedText, Vocabulary } from './checked-text.ts';
import { createDocumentStore } from './document-store.ts';
import type { DocumentStore } from './document-store.ts';
import { versionOfFile } from './document.ts';
import type { RuleDocument } from './document.ts';
import { createDocuments } from './documents.ts';
import type { Documents } from './documents.ts';
import { RuleDocumentError } from './errors.ts';
import type { RuleDocumentsNeeds } from './needs.ts';
import { createRuleReader } from './rule-reader.ts';
import { createStaging } from './staging.ts';
import { createStagingStore } from './staging-store.ts';
import type { StagingStore } from './staging-store.ts';

/** Entries of a log that were erased, half-open by index. */
export type ErasedRange = { readonly log: number; readonly from: number; readonly to: number };

/** What of a document detection has loaded right now. */
export type InForce = {
  readonly version: number | undefined;
  readonly ruleIds: readonly string[];
  /** Why something of it is not in force. */
  readonly refusals: readonly { readonly line?: number; readonly reason: string }[];
};

export type RuleDocuments = Documents &
  Pick<DocumentStore, 'list' | 'versions' | 'version'> & {
    /** Throws `RuleDocumentError` `rule_document_unknown`. */
    get(id: string): Promise<RuleDocument>;
    staged: Pick<StagingStore, 'report' | 'totals'>;
    inForce(id: string): InForce;
    check(text: string, id?: string): Promise<CheckedText>;
    vocabulary(): Promise<Vocabulary>;
    /** The file of a rule in force, to begin another one from. Throws `rule_document_unknown`. */
    textOf(file: string): Promise<string>;
    /** Staged rules follow the feed through this. */
    readonly projection: Projection;
    /** Takes out tests that were made from events that were erased, and places of such; says how many. */
    forget(ranges: readonly ErasedRange[]): Promise<number>;
    close(): Promise<void>;
  };

/** Rules that people write: drafts, versions, tests, staging, and what is in force of them. */
export function createRuleDocuments(needs: RuleDocumentsNeeds): RuleDocuments {
  const { detection } = needs;
  const store = createDocumentStore(needs);
  const stagingStore = createStagingStore(needs.database);
  const reader = createRuleReader({
    sources: () => detection.sources(),
    ruleSetHash: () => detection.ruleSet().hash,
    ...(needs.limits === undefined ? {} : { limits: needs.limits }),
  });
  const staging = createStaging({ ...needs, reader, documents: store, store: stagingStore });
  const documents = createDocuments({ ...needs, store, stagingStore, reader, changeStaged: staging.change });

  return {
    ...documents,
    list: store.list,
    versions: store.versions,
    version: store.version,
    async get(id) {
      const document = await store.get(id);
      if (document !== undefined) return document;
      throw new RuleDocumentError('rule_document_unknown', `Cannot find rule document "${id}"`);
    },
    staged: stagingStore,
    inForce(id) {
      const { rules, refusals } = detection.ruleSet();
      const loaded = rules.filter(({ file }) => versionOfFile(id, file) !== undefined);
      const refused = refusals.filter(({ file }) => versionOfFile(id, file) !== undefined);
      const file = loaded[0]?.file ?? refused[0]?.file;
      return {
        version: file === undefined ? undefined : versionOfFile(id, file),
        ruleIds: loaded.map((rule) => rule.id),
        refusals: refused.map(({ line, reason }) => ({ reason, ...(line === undefined ? {} : { line }) })),
      };
    },
    async check(text, id = 'new') {
      const { checked } = await documents.attempt({ text, cases: [] }, id);
      return checked;
    },
    vocabulary: reader.vocabulary,
    async textOf(file) {
      const [source] = await reader.sourcesOf([file]);
      if (source !== undefined) return source.text;
      throw new RuleDocumentError(
        'rule_document_unknown',
        `Cannot find the file "${file}": no rule in force stands in it`,
      );
    },
    projection: staging.projection,
    async forget(ranges) {
      const isGone = ({ log, index }: Position): boolean =>
        ranges.some((range) => range.log === log && index >= range.from && index < range.to);
      const tests = await documents.dropTests(({ origin }) => origin !== undefined && isGone(origin));
      return tests + (await stagingStore.forget(isGone));
    },
    async close() {
      await staging.close();
      await reader.close();
    },
  };
}
