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
  | 'audit_hidden';

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
  audit_hidden: { status: 403, title: 'Only who may read the audit trail may see this record' },
};
