import type { JsonObject, Position } from '@sallyport/contracts';

/** How far a document has come. A newer draft may stand on top of what is staged or active. */
export const documentStates = ['draft', 'staged', 'active', 'retired'] as const;
export type DocumentState = (typeof documentStates)[number];

/** One event, and what the rules of the document are to say about it. */
export type RuleTest = {
  readonly name: string;
  readonly expect: 'match' | 'no_match';
  /** Id or name of the rule that is meant; any rule of the document when undefined. */
  readonly rule?: string;
  /** As its source wrote it, or as the ledger holds it. */
  readonly event?: JsonObject;
  /** Several, in order, for what counts events: a correlation. */
  readonly events?: readonly TimedEvent[];
  /** The event of the ledger it was made from: erased with that. */
  readonly origin?: Position;
};

export type TimedEvent = { readonly afterSeconds: number; readonly event: JsonObject };

export type VersionSummary = {
  readonly version: number;
  readonly savedMs: number;
  readonly author: { readonly kind: string; readonly id: string; readonly name: string };
  /** What its author said about it. */
  readonly note: string;
  readonly tests: number;
  /** SHA-256 of the text and of the tests as JSON, hex. */
  readonly textHash: string;
  readonly testsHash: string;
};

/** What was saved at once. */
export type RuleVersion = VersionSummary & { readonly text: string; readonly cases: readonly RuleTest[] };

export type RuleDocument = {
  readonly id: string;
  readonly name: string;
  readonly state: DocumentState;
  readonly createdMs: number;
  /** The newest version, and those that are matched on the stream and in force. */
  readonly version: number;
  readonly stagedVersion?: number;
  readonly activeVersion?: number;
  readonly retiredMs?: number;
  readonly head: VersionSummary;
};

export const documentLimits = {
  documents: 2000,
  textBytes: 256 * 1024,
  name: 200,
  note: 500,
  versions: 100,
  tests: 50,
  testName: 200,
  eventsOfTest: 100,
  /** All tests of one version, as JSON. */
  testBytes: 512 * 1024,
  stagedMatches: 20,
  staged: 50,
} as const;

/** The file that stands for a version wherever rules are named by file: of findings, it says which text found them. */
export function documentFile(id: string, version: number): string {
  return `${documentFolder(id)}${version}.yml`;
}

export function documentFolder(id: string): string {
  return `library/${id}/`;
}

/** The version of the document that a file stands for. */
export function versionOfFile(id: string, file: string): number | undefined {
  const folder = documentFolder(id);
  if (!file.startsWith(folder)) return undefined;
  const version = Number(file.slice(folder.length).replace(/\.yml$/, ''));
  return Number.isSafeInteger(version) ? version : undefined;
}
