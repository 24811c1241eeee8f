import type { AuthorizationAnswer } from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';
import type { Principal, Reach } from '@sallyport/platform/http';
import type { AccessDecision, AccessRequest, AccessResource, PrincipalRisk } from './access-request.ts';
import { allActions, isAction, isKindAction, kindActions, type Action, type KindAction } from './actions.ts';
import { createBestMoment, type Probe } from './best-moment.ts';
import { createDecisionCache } from './decision-cache.ts';
import { contextRecord, knownRisk, questionOf, seenOf, siteOf, type CedarQuestion } from './entities.ts';
import { explainQuestion, type Explanation } from './explain-question.ts';
import { AccessPolicyError } from './errors.ts';
import { loadPolicies, releasePolicies, type RoleDescription } from './load-policies.ts';
import type { PolicyTexts } from './policy-texts.ts';
import { readReach } from './reach.ts';
import { engine } from './thread-engine.ts';

/**
 * Who may do what, decided by Cedar policies. Deny by default: no policy that allows, a policy that forbids, a policy that
 * fails, an unknown action, role or attribute, a fact that nobody can tell, and any failure of the engine are all a no. No decision throws.
 */
export type AccessPolicy = {
  decide(request: AccessRequest): AccessDecision;
  /** How far the right to an action goes. */
  reach(request: Omit<AccessRequest, 'resource'>): Reach;
  /**
   * What is allowed everywhere, if need be after a fresh proof; in the order of `allActions`, then of `kindActions`. With `site`: what is
   * allowed there. Without `context` at any hour, from anywhere and at no risk: a right by day is a right, so that nobody gives it away
   * who lacks it, and nobody is given it unseen. With one: at that moment and that risk. Throws `policy_engine_broken` rather than tell too
   * few, since what is given away is compared with them; `heldRights` tells none instead.
   */
  permissionsOf(
    principal: Principal,
    where?: Pick<Partial<AccessRequest>, 'context' | 'risk'> & { readonly site?: string },
  ): readonly (Action | KindAction)[];
  roles(): readonly RoleDescription[];
  /** A decision, with the policies that made it and what they looked at. */
  explain(request: AccessRequest): Explanation;
  /** Some policy asks where from, when or at what risk, and does not ask for a proof alone: what is allowed is not the same at each moment. */
  readonly asksForMoment: boolean;
  /** SHA-256 of schema and policies. */
  readonly version: string;
  /** Frees what the engine keeps of this version: whatever it is asked from then on, it denies. */
  release(): void;
};

/** Throws `AccessPolicyError` when a policy or the schema is not valid. */
export function createAccessPolicy(texts: PolicyTexts, options: { maxCachedDecisions?: number } = {}): AccessPolicy {
  const loaded = loadPolicies(texts);
  const { version, keptAs, words, roles, askingForProof, restingOnRisk, spoken } = loaded;
  let isReleased = false;
  const remembered = createDecisionCache<AccessDecision>(options.maxCachedDecisions ?? 10_000, engine.thrown);
  const permissions = createDecisionCache<readonly (Action | KindAction)[]>(
    options.maxCachedDecisions ?? 1000,
    engine.thrown,
  );

  const ask = (request: AccessRequest, question: CedarQuestion): AccessDecision => {
    const { principal, action, risk } = request;
    let answer: AuthorizationAnswer;
    try {
      answer = engine.statefulIsAuthorized({
        ...question,
        preparsedSchemaName: keptAs,
        preparsedPolicySetId: keptAs,
        validateRequest: true,
      });
    } catch (error) {
      return denied(`Deciding failed: ${messageOf(error)}`);
    }
    if (answer.type === 'failure') return denied(answer.errors.map((error) => error.message).join('; '));
    const { decision, diagnostics } = answer.response;
    // Cedar leaves out a policy that fails. Had it been one that forbids, what is left would allow.
    const [failed] = diagnostics.errors;
    if (failed !== undefined)
      return { ...denied(`Policy "${failed.policyId}" failed: ${failed.error.message}`), isUnsure: true };
    const said = diagnostics.reason
      .map((id) => `${words.get(id) ?? id}${restingOnRisk.has(id) ? `: ${riskInWords(risk)}` : ''}`)
      .join('; ');
    const isAsking =
      principal.kind === 'user' &&
      decision !== 'allow' &&
      diagnostics.reason.length > 0 &&
      diagnostics.reason.every((id) => askingForProof.has(id));
    return {
      allowed: decision === 'allow',
      reason: said === '' ? `No policy allows "${action}"${placeOf(request)} to ${describe(principal)}` : said,
      policies: diagnostics.reason,
      ...(isAsking ? { needsProof: true } : {}),
    };
  };

  /** Cedar names what forbids alone: whether anything would allow is only told by asking as after a proof. */
  const askWithProof = (request: AccessRequest, question: CedarQuestion): AccessDecision => {
    const { needsProof, ...decision } = ask(request, question);
    if (needsProof !== true) return decision;
    const context = { ...request.context, proofAgeSeconds: 0 };
    const proved = ask({ ...request, context }, { ...question, context: { ...question.context, proofAgeSeconds: 0 } });
    return proved.allowed ? { ...decision, needsProof } : proved;
  };

  const decideAlone = (request: AccessRequest): AccessDecision => {
    const { action, context, risk } = request;
    if (isReleased) return denied('Other policies took the place of these');
    if (!isAction(action) && !isKindAction(action)) return denied(`There is no action "${action.slice(0, 100)}"`);
    // Before any policy: none that is written or changed here makes more of a token than it was given for.
    const { limitedTo } = request.principal;
    if (limitedTo?.includes(action) === false)
      return denied(`The token was made for ${limitedTo.join(', ') || 'nothing'}`);
    const question = questionOf(request, spoken);
    // One more for each second of a proof would leave no room for others.
    if (context.proofAgeSeconds !== undefined) return ask(request, question);
    const known = risk?.isFresh === false ? 'stale' : risk === undefined ? 'unknown' : knownRisk(risk);
    // `entities` hold all there is to know of who asks and of what is asked about; the words say who holds which roles where.
    const { roles: held, siteRoles, grantedRoles, kind } = request.principal;
    const words = kind === 'user' ? [held, siteRoles, grantedRoles] : [];
    const key = JSON.stringify([question.context, question.entities, known, words]);
    return remembered.load(key, () => askWithProof(request, question));
  };

  /** What whoever answers for a key or service would be told in its place, at their best: no risk, and just proved. */
  const decideBehind = (request: AccessRequest): AccessDecision | undefined => {
    const { onBehalfOf } = request.principal;
    if (onBehalfOf === undefined) return undefined;
    const decision = decideAlone({ ...request, principal: onBehalfOf, risk: { value: 0, isFresh: true } });
    return decision.needsProof === true ? { ...decision, allowed: true } : decision;
  };

  const decide = (request: AccessRequest): AccessDecision => {
    const decision = decideAlone(request);
    const behind = decision.allowed ? decideBehind(request) : undefined;
    if (behind === undefined || behind.allowed) return decision;
    return { ...behind, reason: `Whoever answers for this ${request.principal.kind} may not: ${behind.reason}` };
  };

  const bestMoment = createBestMoment({
    policies: loaded.policies,
    askingForProof,
    truthOf(id, request) {
      const { failing, others } = probe(questionOf(request, spoken), `${keptAs}/${id}`);
      if (failing.length > 0) return 'fails';
      if (others === 'silent') return 'not';
      return loaded.policies.get(id)?.effect === 'permit' && others !== 'permit' ? 'fails' : 'holds';
    },
    probe(request) {
      const question = questionOf(request, spoken);
      const asked = JSON.stringify([question.entities, question.context['proofAgeSeconds']]);
      return { asked, probe: probe(question) };
    },
  });

  const probe = (question: CedarQuestion, among = keptAs): Probe => {
    const kept = { preparsedSchemaName: keptAs, preparsedPolicySetId: among, validateRequest: true };
    try {
      const answer = engine.statefulIsAuthorized({ ...question, ...kept });
      if (answer.type === 'failure') return { failing: [], others: 'forbid' };
      const { decision, diagnostics } = answer.response;
      const failing = diagnostics.errors.map(({ policyId }) => policyId).toSorted();
      if (decision === 'allow') return { failing, others: 'permit' };
      if (diagnostics.reason.length === 0) return { failing, others: 'silent' };
      return { failing, others: diagnostics.reason.every((id) => askingForProof.has(id)) ? 'asking' : 'forbid' };
    } catch {
      return { failing: [], others: 'forbid' };
    }
  };

  return {
    version,
    asksForMoment: loaded.asksForMoment || loaded.deniesByRisk,
    decide,
    reach: (request) => readReach(request, spoken, decide),
    permissionsOf(principal, { context, risk, site } = {}) {
      const channel = principal.kind === 'operator' ? ('socket' as const) : ('network' as const);
      const resource: AccessResource | undefined = site === undefined ? undefined : { kind: 'site', id: site };
      const now = context && atOneMoment(context);
      const at =
        now === undefined ? { context: { channel }, risk: { value: 0, isFresh: true } } : { context: now, risk };
      const ask = (): readonly (Action | KindAction)[] => {
        const before = engine.thrown();
        const isEver = context === undefined && loaded.asksForMoment ? bestMoment.search() : undefined;
        const held = [...allActions, ...kindActions].filter((action) => {
          const request = { principal, action, resource, ...at };
          const { allowed, needsProof, isUnsure } = decide(request);
          return allowed || needsProof === true || (isUnsure === true && isEver?.(request) === true);
        });
        // Some of it may be a no of a broken engine: as what is given, that would be nothing to refuse.
        if (engine.thrown() !== before)
          throw new AccessPolicyError(
            'policy_engine_broken',
            'Cannot tell what is allowed: the policy engine broke, and must first be begun anew',
            { hint: 'try again in a minute', details: { retryAfterSeconds: 60 } },
          );
        return held;
      };
      if (context?.proofAgeSeconds !== undefined || isReleased) return ask();
      // Asked with every request of a session: what a decision rests on of a principal and of the moment is the whole question.
      const known = risk && [knownRisk(risk), risk.isFresh];
      const moment = now === undefined ? undefined : [contextRecord('', now, spoken), known];
      return permissions.load(JSON.stringify([seenOf(principal, spoken), site, moment]), ask);
    },
    roles: () => roles,
    explain(request) {
      const decision = decide(request);
      const { onBehalfOf: behind } = request.principal;
      // Where the person behind it is why, what was looked at is theirs.
      const asked = behind !== undefined && !decision.allowed && decideAlone(request).allowed;
      const question = questionOf(asked ? { ...request, principal: behind } : request, spoken);
      return { decision, ...explainQuestion(question, decision, loaded.policies) };
    },
    release() {
      if (isReleased) return;
      isReleased = true;
      releasePolicies(loaded);
    },
  };
}

/** The same hour however often it is read: what was told at one must not be remembered under another. */
function atOneMoment(context: AccessRequest['context']): AccessRequest['context'] {
  const { localTime } = context;
  if (localTime === undefined) return context;
  let read: { readonly time: ReturnType<typeof localTime> } | undefined;
  return { ...context, localTime: () => (read ??= { time: localTime() }).time };
}

function riskInWords(risk: PrincipalRisk | undefined): string {
  if (risk === undefined) return 'how much they are at risk cannot be told now';
  return risk.isFresh ? `their risk is ${knownRisk(risk)} of 100` : 'how much they are at risk was told too long ago';
}

function placeOf({ resource }: AccessRequest): string {
  const site = siteOf(resource);
  return site === undefined ? '' : ` at site "${site}"`;
}

function describe({ kind, roles = [], siteRoles = [], grantedRoles = [] }: Principal): string {
  if (kind !== 'user') return `this ${kind}`;
  const held = [
    ...roles,
    ...siteRoles.map(({ role, site }) => `${role} at "${site}"`),
    ...grantedRoles.map(
      ({ role, site, actions }) =>
        `${role}${site === undefined ? '' : ` at "${site}"`}${actions === undefined ? '' : ` for ${actions.join(', ')}`}`,
    ),
  ];
  return held.length === 0 ? 'somebody without a role' : `somebody who is ${held.join(', ')}`;
}

function denied(reason: string): AccessDecision {
  return { allowed: false, reason, policies: [] };
}
