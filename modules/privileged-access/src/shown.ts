import type { Static } from 'typebox';
import type { PrivilegeSettings, StoredSettings } from './privilege-settings.ts';
import type { Privileges, RequestContext, ShownRequest } from './privileges.ts';
import { riskValue } from './parts.ts';
import type { PrivilegeDecision } from './request.ts';
import type { DetailedRequest, SettingsBody, ShownRequestSchema } from './schema.ts';

export type RoleName = (role: string) => string;

const instant = (ms: number): string => new Date(ms).toISOString();
const instantOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : instant(ms));

export function shownRequest(shown: ShownRequest, roleName: RoleName): Static<typeof ShownRequestSchema> {
  const { request, state, leftSeconds, mayDecide, needsReview, isReviewOverdue } = shown;
  const { said } = request;
  return {
    id: request.id,
    kind: request.kind,
    state,
    requester: { id: request.requesterId, name: said.name },
    role: request.role,
    role_name: roleName(request.role),
    site: request.site ?? null,
    actions: request.actions === undefined ? null : [...request.actions],
    minutes: request.minutes,
    reason: said.reason,
    asked_at: instant(request.createdAtMs),
    expires_at: instant(request.expiresAtMs),
    approvals: request.decisions.filter(({ kind }) => kind === 'approve').length,
    needed: request.needed,
    adds: [...said.adds],
    dangerous: [...said.dangerous],
    started_at: instantOrNull(request.startedAtMs),
    left_seconds: leftSeconds,
    ended_at: instantOrNull(request.endedAtMs),
    ended_because: request.endedBecause ?? null,
    ended_by: said.endedBy ?? null,
    decisions: request.decisions.map(decision),
    may_decide: mayDecide,
    needs_review: needsReview,
    review_due_at: instantOrNull(request.reviewDueMs),
    review_overdue: isReviewOverdue,
  };
}

function decision({ kind, name, atMs, note, verdict, looked }: PrivilegeDecision) {
  return { kind, by: name, at: instant(atMs), note, verdict: verdict ?? null, entries: looked?.entries ?? null };
}

export function detailedRequest(
  shown: ShownRequest,
  context: RequestContext,
  roleName: RoleName,
): Static<typeof DetailedRequest> {
  const { said, device } = shown.request;
  return {
    ...shownRequest(shown, roleName),
    from: {
      address: said.address,
      agent: said.agent,
      signed_in_at: instant(said.signedInAtMs),
      assurance: said.assurance,
      device: device ?? null,
      new_device: said.isNewDevice,
      unusual: [...said.unusual],
    },
    risk_then: said.risk === undefined ? null : Math.round(said.risk),
    risk_now: context.requester === undefined ? null : Math.round(riskValue(context.risk)),
    risk_reasons: [...(context.risk?.reasons ?? said.riskReasons)],
    own_roles: [...(context.requester?.roles ?? [])],
    own_site_roles: (context.requester?.siteRoles ?? []).map(({ role, site }) => ({ role, site })),
    approvers: [...context.approvers],
    earlier: context.earlier.map((request) =>
      shownRequest(
        { request, state: request.state, leftSeconds: 0, mayDecide: false, needsReview: false, isReviewOverdue: false },
        roleName,
      ),
    ),
  };
}

export function shownSettings({ revision, settings }: StoredSettings): Static<typeof SettingsBody> {
  return {
    revision,
    roles: settings.roles.map((rule) => ({
      role: rule.role,
      requestable_by: [...rule.requestableBy],
      approvers: [...rule.approvers],
      approvals: rule.approvals,
      max_minutes: rule.maxMinutes,
      reviewed: rule.isReviewed,
    })),
    end_at_risk: settings.endAtRisk,
    review_hours: settings.reviewHours,
    break_glass_minutes: settings.breakGlassMinutes,
    break_glass_review_hours: settings.breakGlassReviewHours,
    drill_days: settings.drillDays,
    separation_off: [...settings.separationOff],
    separation_own: settings.separationOwn.map((rule) => ({ ...rule, one: [...rule.one], other: [...rule.other] })),
  };
}

export function settingsOf(body: Static<typeof SettingsBody>): PrivilegeSettings {
  return {
    roles: body.roles.map((rule) => ({
      role: rule.role,
      requestableBy: rule.requestable_by,
      approvers: rule.approvers,
      approvals: rule.approvals === 1 ? 1 : 2,
      maxMinutes: rule.max_minutes,
      isReviewed: rule.reviewed,
    })),
    endAtRisk: body.end_at_risk,
    reviewHours: body.review_hours,
    breakGlassMinutes: body.break_glass_minutes,
    breakGlassReviewHours: body.break_glass_review_hours,
    drillDays: body.drill_days,
    separationOff: body.separation_off,
    separationOwn: body.separation_own,
  };
}

/** Of what somebody holds in this very session. */
export function heldHere(
  privileges: Pick<Privileges, 'active'>,
  by: { readonly id: string; readonly sessionId?: string },
): readonly ShownRequest[] {
  return privileges
    .active()
    .filter(({ request }) => request.requesterId === by.id && request.sessionId === by.sessionId);
}
