import type { PrivilegeNeeds } from './needs.ts';
import { grantedRoleOf } from './request.ts';
import type { PrivilegeRequest } from './request.ts';

/** What somebody holds for now. */
export type TemporaryRole = {
  readonly role: string;
  readonly grantId: string;
  /** Without them everywhere, and with all the role brings. */
  readonly site?: string;
  readonly actions?: readonly string[];
  /** It was opened with everything there is to prove, and its account has nothing to prove anew with. */
  readonly isProof?: true;
};

/** Which session a role is asked for. */
export type HeldBy = { readonly userId: string; readonly sessionId: string; readonly browserKey?: string };

/**
 * Grants in use, in memory, so that every request can ask. One is good for its session alone and, where the browser had a key
 * when it was asked for, with this key alone. Its time is counted twice, by the wall clock and by one that nobody sets, and
 * the greater counts: a clock that is set back gives nothing back.
 */
export type Grants = {
  rolesOf(by: HeldBy): readonly TemporaryRole[];
  /** What they hold now with any session of theirs: to tell them of something, never to let them do it. */
  heldBy(userId: string): readonly TemporaryRole[];
  /** It is about to begin: from the transaction in which it does, so that nobody ends it unseen before it is held. */
  expect(id: string): void;
  isExpected(id: string): boolean;
  /** Holds what was expected; false when it was dropped meanwhile. */
  begin(request: PrivilegeRequest): boolean;
  /** What was in use before a restart; again with a row read anew. */
  hold(request: PrivilegeRequest): void;
  drop(id: string): void;
  list(): readonly PrivilegeRequest[];
  /** Roles of what somebody holds for now, without this one. */
  rolesBeside(request: { readonly requesterId: string; readonly id?: string }): readonly string[];
  find(id: string): PrivilegeRequest | undefined;
  spentMs(id: string): number;
  /** 0 when there is nothing left, and for what is not held. */
  leftMs(id: string): number;
};

type Held = { readonly request: PrivilegeRequest; readonly sinceMs: number };

export function createGrants({ clock }: Pick<PrivilegeNeeds, 'clock'>): Grants {
  const held = new Map<string, Held>();
  const byUser = new Map<string, Set<string>>();
  const expected = new Set<string>();

  const spent = ({ request, sinceMs }: Held): number => {
    const counted = request.spentMs + (clock.monotonicMs() - sinceMs);
    return Math.max(counted, clock.nowMs() - (request.startedAtMs ?? 0), 0);
  };
  const left = (one: Held): number => Math.max(0, one.request.minutes * 60_000 - spent(one));

  const drop = (id: string): void => {
    expected.delete(id);
    const known = held.get(id);
    if (known === undefined) return;
    held.delete(id);
    const ids = byUser.get(known.request.requesterId);
    ids?.delete(id);
    if (ids?.size === 0) byUser.delete(known.request.requesterId);
  };

  const hold = (request: PrivilegeRequest): void => {
    const before = held.get(request.id);
    const spentMs = before === undefined ? request.spentMs : spent(before);
    drop(request.id);
    held.set(request.id, { request: { ...request, spentMs }, sinceMs: clock.monotonicMs() });
    byUser.set(request.requesterId, (byUser.get(request.requesterId) ?? new Set()).add(request.id));
  };

  const of = (userId: string, isMeant: (request: PrivilegeRequest) => boolean): readonly TemporaryRole[] =>
    [...(byUser.get(userId) ?? [])].flatMap((id) => {
      const one = held.get(id);
      if (one === undefined || !isMeant(one.request) || left(one) === 0) return [];
      const isProof = one.request.kind === 'break-glass' ? { isProof: true as const } : {};
      return [{ ...grantedRoleOf(one.request), grantId: id, ...isProof }];
    });

  return {
    rolesOf: ({ userId, sessionId, browserKey }) =>
      of(
        userId,
        (request) => request.sessionId === sessionId && (request.device === undefined || request.device === browserKey),
      ),
    heldBy: (userId) => of(userId, () => true),
    expect: (id) => void expected.add(id),
    isExpected: (id) => expected.has(id),
    begin(request) {
      if (!expected.delete(request.id)) return false;
      hold(request);
      return true;
    },
    hold,
    drop,
    list: () => [...held.values()].map(({ request }) => request),
    rolesBeside: ({ requesterId, id }) =>
      [...held.values()].flatMap(({ request }) =>
        request.requesterId === requesterId && request.id !== id ? [request.role] : [],
      ),
    find: (id) => held.get(id)?.request,
    spentMs(id) {
      const one = held.get(id);
      return one === undefined ? 0 : spent(one);
    },
    leftMs(id) {
      const one = held.get(id);
      return one === undefined ? 0 : left(one);
    },
  };
}
