export type DocumentRow = {
  id: string;
  /** Sealed. */
  name: string;
  created_ms: number;
  head_version: number;
  staged_version: number | null;
  active_version: number | null;
  retired_ms: number | null;
};
export type VersionRow = {
  document_id: string;
  version: number;
  saved_ms: number;
  author_kind: string;
  author_id: string;
  author_name: string;
  /** Sealed. */
  note: string;
  tests: number;
  text_hash: string;
  tests_hash: string;
  sealed_text: string;
  /** Sealed JSON. */
  sealed_tests: string;
};
type StagingRow = { document_id: string; since_ms: number; since_log: number; since_index: number };
type CountRow = {
  document_id: string;
  rule_id: string;
  title: string;
  matches: number;
  first_ms: number;
  last_ms: number;
};
type MatchRow = {
  document_id: string;
  log: number;
  entry_index: number;
  rule_id: string;
  received_ms: number;
  is_audit: number;
};
type CursorRow = { name: string; log: number; entry_index: number };

export type DocumentTables = {
  rule_documents: DocumentRow;
  rule_versions: VersionRow;
  rule_staging: StagingRow;
  rule_staging_counts: CountRow;
  rule_staging_matches: MatchRow;
  rule_staging_cursor: CursorRow;
};

/** Without text and tests, which weigh kilobytes. */
export const summaryColumns = [
  'document_id',
  'version',
  'saved_ms',
  'author_kind',
  'author_id',
  'author_name',
  'note',
  'tests',
  'text_hash',
  'tests_hash',
] as const;
