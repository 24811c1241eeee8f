export type HuntRow = {
  id: string;
  owner: string;
  owner_name: string;
  sees_audit: number;
  state: string;
  created_ms: number;
  ended_ms: number | null;
  /** Sealed JSON of `Asked`. */
  request: string;
  /** Sealed JSON of the rule files; empty when the hunt is over. */
  sources: string;
  ranges: string;
  at_range: number;
  at_index: number;
  looked_at: number;
  bytes: number;
  candidates: number;
  unscannable: number;
  busy_ms: number;
  uncounted: number;
  reason: string | null;
};
type RuleRow = {
  hunt_id: string;
  rule_id: string;
  title: string;
  level: string;
  matches: number;
  kept: number;
  first_ms: number | null;
  last_ms: number | null;
  is_correlation: number;
};
type MatchRow = { hunt_id: string; log: number; entry_index: number; rule_id: string; received_ms: number };
/** Sealed JSON of the counted events of a part. */
type CountedRow = { hunt_id: string; part: number; events: number; detail: string };
/** Sealed JSON of what a group is and which events it rests on. */
type GroupRow = { hunt_id: string; ordinal: number; rule_id: string; at_ms: number; detail: string };
export type HuntTables = {
  hunts: HuntRow;
  hunt_rules: RuleRow;
  hunt_matches: MatchRow;
  hunt_counted: CountedRow;
  hunt_groups: GroupRow;
};

/** Without the texts of the rules, which weigh megabytes and are read once a turn. */
export const listed = [
  'id',
  'owner',
  'owner_name',
  'sees_audit',
  'state',
  'created_ms',
  'ended_ms',
  'request',
  'ranges',
  'at_range',
  'at_index',
  'looked_at',
  'bytes',
  'candidates',
  'unscannable',
  'busy_ms',
  'uncounted',
  'reason',
] as const;
