import { statefulIsAuthorized, type AuthorizationAnswer, type EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { allActions, deviceActions, isAction, isDeviceAction, type Action, type DeviceAction } from './actions.ts';
import { createDecisionCache } from './decision-cache.ts';
import { loadPolicies, type RoleDescription } from './load-policies.ts';
import type { PolicyTexts } from './policy-texts.ts';

/** 0 to 100. What is not fresh counts as not known. */
export type PrincipalRisk = { readonly value: number; readonly isFresh: boolean };

export type AccessRequest = {
  readonly principal: Principal;
  /** One of `allActions` or `deviceActions`; any other is denied. */
  readonly action: string;
  /** How much a person or key is at risk; undefined where nobody can tell now. */
  readonly risk?: PrincipalRisk | undefined;
  readonly context: {
    /** How the request came: over the network, or through the operator's Unix socket. */
    readonly channel: 'network' | 'socket';
    /** Whole seconds since a person proved in full who they are; only for what needs a fresh proof. */
    readonly proofAgeSeconds?: number;
  };
};

export type AccessDecision = {
  readonly allowed: boolean;
  /** For people: what the deciding policies say, or why none did. */
  readonly reason: string;
  /** Ids of the deciding policies. */
  readonly policies: readonly string[];
  /** Of a no to a person: asked again with `proofAgeSeconds` of a fresh proof, it may be a yes. */
  readonly needsProof?: true;
};

/**
 * Who may do what, decided by Cedar policies. Deny by default: no policy that allows, a policy that forbids, a policy that
 * fails, an unknown action, role or attribute, and any failure of the engine are all a no. Never throws.
 */
export type AccessPolicy = {
  decide(request: AccessRequest): AccessDecision;
  /** What is allowed, if need be after a fresh proof; in the order of `allActions`, then of `deviceActions`. */
  permissionsOf(principal: Principal): readonly (Action | DeviceAction)[];
  roles(): readonly RoleDescription[];
  /** Changes whenever a policy or the schema does. */
  readonly version: string;
};

/** Throws `AccessPolicyError` when a policy or the schema is not valid. */
export function createAccessPolicy(texts: PolicyTexts, options: { maxCachedDecisions?: number } = {}): AccessPolicy {
  const { version, words, roles, askingForProof, restingOnRisk } = loadPolicies(texts);
  const remembered = createDecisionCache<AccessDecision>(options.maxCachedDecisions ?? 10_000);

  const ask = ({ principal, action, context, risk }: AccessRequest): AccessDecision => {
    let answer: AuthorizationAnswer;
    const entity = entityOf(principal, risk);
    try {
      answer = statefulIsAuthorized({
        principal: entity.uid,
        action: { type: 'Sallyport::Action', id: action },
        resource: { type: 'Sallyport::Server', id: 'this' },
        context: {
          action,
          channel: context.channel,
          ...(context.proofAgeSeconds === undefined ? {} : { proofAgeSeconds: context.proofAgeSeconds }),
        },
        entities: [entity],
        preparsedSchemaName: version,
        preparsedPolicySetId: version,
        validateRequest: true,
      });
    } catch (error) {
      return denied(`Deciding failed: ${messageOf(error)}`);
    }
    if (answer.type === 'failure') return denied(answer.errors.map((error) => error.message).join('; '));
    const { decision, diagnostics } = answer.response;
    // Cedar leaves out a policy that fails. Had it been one that forbids, what is left would allow.
    const [failed] = diagnostics.errors;
    if (failed !== undefined) return denied(`Policy "${failed.policyId}" failed: ${failed.error.message}`);
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
      reason: said === '' ? `No policy allows "${action}" to ${describe(principal)}` : said,
      policies: diagnostics.reason,
      ...(isAsking ? { needsProof: true } : {}),
    };
  };

  /** Cedar names what forbids alone: whether anything would allow is only told by asking as after a proof. */
  const askWithProof = (request: AccessRequest): AccessDecision => {
    const { needsProof, ...decision } = ask(request);
    if (needsProof !== true) return decision;
    const proved = ask({ ...request, context: { ...request.context, proofAgeSeconds: 0 } });
    return proved.allowed ? { ...decision, needsProof } : proved;
  };

  const decide = (request: AccessRequest): AccessDecision => {
    const { principal, action, context } = request;
    if (!isAction(action) && !isDeviceAction(action)) return denied(`There is no action "${action.slice(0, 100)}"`);
    const { kind, id, assurance, roles: held = [], scopes } = principal;
    // Before any policy: none that is written or changed here makes more of a token than it was given for.
    if (principal.limitedTo?.includes(action) === false)
      return denied(`The token was made for ${principal.limitedTo.join(', ') || 'nothing'}`);
    // One more for each second of a proof would leave no room for others.
    if (context.proofAgeSeconds !== undefined) return ask(request);
    const risk =
      request.risk?.isFresh === false ? 'stale' : request.risk === undefined ? 'unknown' : knownRisk(request.risk);
    const key = JSON.stringify([
      kind,
      id,
      assurance,
      held,
      kind === 'key' || kind === 'service' ? scopes : [],
      action,
      context.channel,
      risk,
    ]);
    return remembered.load(key, () => askWithProof(request));
  };

  return {
    version,
    decide,
    permissionsOf: (principal) =>
      [...allActions, ...deviceActions].filter((action) => {
        const channel = principal.kind === 'operator' ? 'socket' : 'network';
        const { allowed, needsProof } = decide({ principal, action, context: { channel } });
        return allowed || needsProof === true;
      }),
    roles: () => roles,
  };
}

/** Who may be anybody is held to be at the greatest risk: a policy that asks never allows because nobody could tell. */
function knownRisk(risk: PrincipalRisk | undefined): number {
  if (risk === undefined || !risk.isFresh || !(risk.value >= 0 && risk.value <= 100)) return 100;
  return Math.round(risk.value);
}

function riskInWords(risk: PrincipalRisk | undefined): string {
  if (risk === undefined) return 'how much they are at risk cannot be told now';
  return risk.isFresh ? `their risk is ${knownRisk(risk)} of 100` : 'how much they are at risk was told too long ago';
}

function entityOf(
  principal: Principal,
  risk: PrincipalRisk | undefined,
): EntityJson & { uid: { type: string; id: string } } {
  const { kind, id, roles = [], assurance = 0, scopes } = principal;
  const riskAttributes = { risk: knownRisk(risk), riskFresh: risk?.isFresh === true };
  switch (kind) {
    case 'user':
      return {
        uid: { type: 'Sallyport::User', id },
        attrs: { assurance, ...riskAttributes },
        parents: roles.map((role) => ({ type: 'Sallyport::Role', id: role })),
      };
    case 'key':
      return { uid: { type: 'Sallyport::Key', id }, attrs: { scopes: [...scopes], ...riskAttributes }, parents: [] };
    case 'service':
      return { uid: { type: 'Sallyport::Service', id }, attrs: { scopes: [...scopes] }, parents: [] };
    case 'operator':
      return { uid: { type: 'Sallyport::Operator', id }, attrs: {}, parents: [] };
    case 'device':
      return { uid: { type: 'Sallyport::Device', id }, attrs: {}, parents: [] };
  }
}

function describe({ kind, roles = [] }: Principal): string {
  if (kind !== 'user') return `this ${kind}`;
  return roles.length === 0 ? 'somebody without a role' : `somebody who is ${roles.join(', ')}`;
}

function denied(reason: string): AccessDecision {
  return { allowed: false, reason, policies: [] };
}
