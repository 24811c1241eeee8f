import type { GrantedRole } from '@sallyport/platform/http';

/** Waiting for approval; approved and not begun; in use; over, in one of five ways. */
export type PrivilegeState = 'pending' | 'approved' | 'active' | 'ended' | 'denied' | 'withdrawn' | 'expired';

export const privilegeStates: readonly PrivilegeState[] = [
  'pending',
  'approved',
  'active',
  'ended',
  'denied',
  'withdrawn',
  'expired',
];

/** `altered`: what stood in the database about it was not what was written. `unsealed`: it was, in the clear, by an earlier version. */
export const endReasons = [
  'time',
  'given_back',
  'revoked',
  'session_ended',
  'device_changed',
  'risk',
  'requester_changed',
  'approver_changed',
  'rules_changed',
  'altered',
  'unsealed',
] as const;

/** Why a grant ended. */
export type EndReason = (typeof endReasons)[number];

export type DecisionKind = 'approve' | 'deny' | 'review';

export type PrivilegeDecision = {
  readonly personId: string;
  readonly kind: DecisionKind;
  readonly atMs: number;
  readonly name: string;
  readonly note: string;
  /** Where they decided from. */
  readonly address: string;
  /** What they decided about, as `wordsOfPart` has it; undefined of an earlier version, when there were whole roles alone. */
  readonly about?: string;
  /** Of a review. */
  readonly verdict?: 'proper' | 'concern';
  /** What the reviewer was shown: how much, and whether there was more. */
  readonly looked?: { readonly entries: number; readonly hasMore: boolean };
};

/** What is kept sealed. */
export type Said = {
  readonly name: string;
  readonly reason: string;
  readonly address: string;
  readonly agent: string;
  readonly signedInAtMs: number;
  readonly assurance: number;
  /** No earlier request of theirs came from this device. */
  readonly isNewDevice: boolean;
  readonly risk: number | undefined;
  readonly riskReasons: readonly string[];
  /** Actions they gain with it. */
  readonly adds: readonly string[];
  readonly dangerous: readonly string[];
  /** What was unusual when it was taken up. */
  readonly unusual: readonly string[];
  readonly endedBy?: string;
  readonly endNote?: string;
};

/** A request, and what became of it: its id is the id of the grant. */
export type PrivilegeRequest = {
  readonly id: string;
  readonly kind: 'request' | 'break-glass';
  readonly state: PrivilegeState;
  readonly requesterId: string;
  readonly role: string;
  /** At this site alone; undefined: everywhere. */
  readonly site: string | undefined;
  /** These of the role's actions alone; undefined: all it brings. */
  readonly actions: readonly string[] | undefined;
  readonly minutes: number;
  /** People who must approve. */
  readonly needed: number;
  readonly createdAtMs: number;
  /** When a request that nobody took up is over. */
  readonly expiresAtMs: number;
  readonly startedAtMs: number | undefined;
  /** How much of its time is used up, as far as it was written down. */
  readonly spentMs: number;
  readonly endedAtMs: number | undefined;
  readonly endedBecause: EndReason | undefined;
  /** Of the one that asked; from the start on, of the one that holds it. */
  readonly sessionId: string | undefined;
  /** Thumbprint of the browser's key at the time of asking. */
  readonly device: string | undefined;
  readonly reviewDueMs: number | undefined;
  /** What stands in the database is not what was written there, or not what was written last: it gives nothing. */
  readonly isAltered?: true;
  readonly said: Said;
  readonly decisions: readonly PrivilegeDecision[];
};

/** What a grant gives: the whole role everywhere, or a part of it. */
export type Part = Pick<PrivilegeRequest, 'role' | 'site' | 'actions'>;

export function isWhole({ site, actions }: Part): boolean {
  return site === undefined && actions === undefined;
}

/** As a role among those somebody holds for a time. */
export function grantedRoleOf({ role, site, actions }: Part): GrantedRole {
  return { role, ...(site === undefined ? {} : { site }), ...(actions === undefined ? {} : { actions }) };
}

/** All that is given, in one form: what was approved is compared with what is taken up. */
export function wordsOfPart({ role, site, actions, minutes }: Part & Pick<PrivilegeRequest, 'minutes'>): string {
  return JSON.stringify([role, site ?? null, actions?.toSorted() ?? null, minutes]);
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export const privilegeLimits = {
  /** A request that nobody decides on, and an approved one that nobody takes up, is over then. */
  waitMs: dayMs,
  leastMinutes: 15,
  mostMinutes: 480,
  /** Whatever a role's rule says. */
  hardMostMinutes: 720,
  openPerPerson: 5,
  perPersonAndDay: 20,
  open: 500,
  /** Those that are over and reviewed, past which the oldest are forgotten. Their audit events stay. */
  kept: 5000,
  reason: 1000,
  /** Used time is written down this often: no clock that was set back while the server was stopped gives more than this back. */
  writeSpentMs: 15_000,
} as const;

/** Over, whatever its row says: nobody decided or took it up in time. */
export function isExpired(request: Pick<PrivilegeRequest, 'state' | 'expiresAtMs'>, nowMs: number): boolean {
  return (request.state === 'pending' || request.state === 'approved') && nowMs >= request.expiresAtMs;
}

export function stateAt(request: PrivilegeRequest, nowMs: number): PrivilegeState {
  return isExpired(request, nowMs) ? 'expired' : request.state;
}

export function isReviewOverdue(request: PrivilegeRequest, nowMs: number): boolean {
  return request.state === 'ended' && needsReview(request) && nowMs >= (request.reviewDueMs ?? Infinity);
}

export function needsReview({ reviewDueMs, decisions, startedAtMs }: PrivilegeRequest): boolean {
  return startedAtMs !== undefined && reviewDueMs !== undefined && !decisions.some(({ kind }) => kind === 'review');
}
