import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type LedgerErrorCode =
  | 'disk_low'
  | 'overloaded'
  | 'unavailable'
  | 'entry_invalid'
  | 'not_found'
  | 'erased'
  | 'ledger_locked'
  | 'ledger_corrupt'
  | 'ledger_closed'
  | 'evidence_invalid'
  | 'audit_hidden'
  | 'unsigned'
  | 'witness_invalid'
  | 'witness_known'
  | 'witness_unknown'
  | 'witness_unreachable'
  | 'witness_policy_invalid'
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
  ledger_locked: { status: 503, title: 'Another process holds the ledger' },
  ledger_corrupt: { status: 503, title: 'The ledger needs an operator' },
  ledger_closed: { status: 503, title: 'The ledger is closed' },
  evidence_invalid: { status: 400, title: 'The evidence does not verify' },
  unsigned: { status: 409, title: 'The log is not signed for now' },
  not_held: { status: 409, title: 'The log is signed' },
  witness_invalid: { status: 400, title: 'This is no witness that can be used' },
  witness_known: { status: 409, title: 'This witness is known already' },
  witness_unknown: { status: 404, title: 'There is no such witness' },
  witness_unreachable: { status: 502, title: 'The witness does not answer' },
  witness_policy_invalid: { status: 400, title: 'So many witnesses there are not' },
  audit_hidden: { status: 403, title: 'Only who may read the audit trail may see this record' },
};
