import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type LedgerErrorCode =
  | 'disk_low'
  | 'overloaded'
  | 'unavailable'
  | 'entry_invalid'
  | 'not_found'
  | 'erased'
  | 'pruned'
  | 'pruning'
  | 'ledger_locked'
  | 'ledger_corrupt'
  | 'ledger_closed'
  | 'evidence_invalid'
  | 'evidence_too_large'
  | 'evidence_refused'
  | 'audit_hidden'
  | 'unsigned'
  | 'witness_invalid'
  | 'witness_known'
  | 'witness_unknown'
  | 'witness_unreachable'
  | 'witness_policy_invalid'
  | 'time_authority_invalid'
  | 'time_authority_known'
  | 'time_authority_unknown'
  | 'time_authority_unreachable'
  | 'log_held'
  | 'not_held';

export class LedgerError extends CodedError<LedgerErrorCode> {}

/** How the edge answers each of them. */
export const ledgerProblems: ProblemTable = {
  disk_low: { status: 507, title: 'Storage is nearly full' },
  overloaded: { status: 503, title: 'Too much is waiting to be recorded' },
  unavailable: { status: 503, title: 'The ledger is not reachable' },
  entry_invalid: { status: 400, title: 'The entry cannot be recorded' },
  not_found: { status: 404, title: 'There is no such entry' },
  erased: { status: 410, title: 'The content was erased' },
  pruned: { status: 410, title: 'These entries are published as hashes alone' },
  pruning: { status: 409, title: 'The ledger is being pruned' },
  ledger_locked: { status: 503, title: 'Another process holds the ledger' },
  ledger_corrupt: { status: 503, title: 'The ledger needs an operator' },
  ledger_closed: { status: 503, title: 'The ledger is closed' },
  evidence_invalid: { status: 400, title: 'The evidence does not verify' },
  evidence_too_large: { status: 413, title: 'The range is too large for one file' },
  evidence_refused: { status: 400, title: 'There is no such evidence' },
  unsigned: { status: 409, title: 'The log is not signed for now' },
  not_held: { status: 409, title: 'The log is signed' },
  log_held: { status: 409, title: 'The log waits to be vouched for' },
  witness_invalid: { status: 400, title: 'This is no witness that can be used' },
  witness_known: { status: 409, title: 'This witness is known already' },
  witness_unknown: { status: 404, title: 'There is no such witness' },
  witness_unreachable: { status: 502, title: 'The witness does not answer' },
  witness_policy_invalid: { status: 400, title: 'So many witnesses there are not' },
  time_authority_invalid: { status: 400, title: 'This is no time-stamping authority that can be used' },
  time_authority_known: { status: 409, title: 'This time-stamping authority is known already' },
  time_authority_unknown: { status: 404, title: 'There is no such time-stamping authority' },
  time_authority_unreachable: { status: 502, title: 'The time-stamping authority does not answer' },
  audit_hidden: { status: 403, title: 'Only who may read the audit trail may see this record' },
};
