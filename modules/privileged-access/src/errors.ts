import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type PrivilegeErrorCode =
  | 'privilege_invalid'
  | 'privilege_not_found'
  | 'privilege_person_only'
  | 'privilege_not_requestable'
  | 'privilege_nothing_new'
  | 'privilege_separated'
  | 'privilege_own'
  | 'privilege_approver_only'
  | 'privilege_at_risk'
  | 'privilege_decided'
  | 'privilege_over'
  | 'privilege_elsewhere'
  | 'privileges_exhausted'
  | 'privileges_unsettled'
  | 'privilege_rules_invalid'
  | 'privilege_rules_changed_meanwhile'
  | 'break_glass_refused'
  | 'break_glass_not_found'
  | 'break_glass_borrowed'
  | 'break_glass_disabled'
  | 'break_glass_passkey_needed'
  | 'break_glass_no_passkey'
  | 'break_glass_passkey_used'
  | 'break_glass_not_sealed';

/** What privileged access refuses. Messages never quote a reason that somebody else wrote. */
export class PrivilegeError extends CodedError<PrivilegeErrorCode> {}

export const privilegeProblems: ProblemTable = {
  privilege_invalid: { status: 400, title: 'The request is not well formed' },
  privilege_not_found: { status: 404, title: 'No such request' },
  privilege_person_only: { status: 403, title: 'Only a person with a session may do this' },
  privilege_not_requestable: { status: 403, title: 'They may not ask for this' },
  privilege_nothing_new: { status: 409, title: 'They have it already' },
  privilege_separated: { status: 409, title: 'Nobody may hold these together' },
  privilege_own: { status: 403, title: 'Nobody decides about their own request' },
  privilege_approver_only: { status: 403, title: 'Somebody else decides about this' },
  privilege_at_risk: { status: 403, title: 'They are at too much risk for this now' },
  privilege_decided: { status: 409, title: 'They have decided already' },
  privilege_over: { status: 409, title: 'It is not in a state for this' },
  privilege_elsewhere: { status: 403, title: 'It is for another device' },
  privileges_unsettled: { status: 503, title: 'Rights held for a time are being put in order' },
  privileges_exhausted: { status: 429, title: 'There are too many requests' },
  privilege_rules_invalid: { status: 422, title: 'The rules cannot be so' },
  privilege_rules_changed_meanwhile: { status: 409, title: 'Somebody else changed the rules' },
  break_glass_refused: { status: 401, title: 'The sealed codes were not accepted' },
  break_glass_borrowed: { status: 403, title: 'Sealed codes are made with a role of one’s own' },
  break_glass_disabled: { status: 409, title: 'The account is disabled' },
  break_glass_not_found: { status: 404, title: 'No such account' },
  break_glass_passkey_needed: { status: 401, title: 'These codes open it with a passkey only' },
  break_glass_no_passkey: { status: 409, title: 'Without a passkey nobody could open it' },
  break_glass_passkey_used: { status: 409, title: 'This passkey is in use already' },
  break_glass_not_sealed: { status: 409, title: 'Its codes are spent' },
};
