import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type RulePackErrorCode =
  | 'pack_invalid'
  | 'pack_unsigned'
  | 'pack_key_invalid'
  | 'pack_key_in_use'
  | 'pack_key_unknown'
  | 'pack_unknown'
  | 'pack_rule_unknown'
  | 'pack_version_taken'
  | 'pack_version_older'
  | 'pack_not_ready'
  | 'pack_damaged'
  | 'packs_full'
  | 'pack_busy';

/** What rule packs refuse. Messages may quote names and places in a pack, never a rule. */
export class RulePackError extends CodedError<RulePackErrorCode> {}

export const rulePackProblems: ProblemTable = {
  pack_invalid: { status: 422, title: 'This is no rule pack, or it was changed' },
  pack_unsigned: { status: 403, title: 'No trusted key signed this rule pack' },
  pack_key_invalid: { status: 400, title: 'The key cannot be trusted' },
  pack_key_in_use: { status: 409, title: 'Rules in force depend on this key' },
  pack_key_unknown: { status: 404, title: 'No such key' },
  pack_unknown: { status: 404, title: 'No such rule pack' },
  pack_rule_unknown: { status: 404, title: 'No such rule in this pack' },
  pack_version_taken: { status: 409, title: 'This version is here already, with other content' },
  pack_version_older: { status: 409, title: 'This version is older than the one in force' },
  pack_not_ready: { status: 409, title: 'The pack cannot be used so yet' },
  pack_damaged: { status: 409, title: 'The pack is not as it was imported' },
  packs_full: { status: 409, title: 'There are as many as there may be' },
  pack_busy: { status: 429, title: 'Other packs are being taken' },
};
