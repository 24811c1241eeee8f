import { createHash } from 'node:crypto';
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';
import type { Decision, Decisions, DecisionSubject, DecisionTool } from './decide.ts';
import { contextOf } from './facts.ts';
import type { DecisionAction, FlowFacts } from './facts.ts';
import type { Cedar } from './load-pack.ts';
import { scopesOf } from './own-policy.ts';
import type { OwnRun } from './own-policy.ts';
import type { ReadOwnPolicy } from './read-own.ts';

/** What they are asked with. */
export type OwnCedar = Pick<Cedar, 'statefulIsAuthorized' | 'thrown'>;

type CallQuestion = Parameters<Decisions['decide']>[0];
type Asked = { action: string; context: Record<string, CedarValueJson>; tool: DecisionTool; subject: DecisionSubject };

/** Of which a policy of the organisation decided, in events and reasons: no policy of a pack is called so. */
const ownPrefix = 'own:';

/** The organisation's policies of one scope, as Cedar keeps them. */
type Group = {
  readonly forbids: string | undefined;
  readonly permits: string | undefined;
  readonly words: ReadonlyMap<string, string>;
  readonly asking: ReadonlyMap<string, 1 | 2>;
  /** Of the text of each, and whom it is about: the same name may be given to another. */
  readonly digests: ReadonlyMap<string, string>;
};

/** The organisation's policies of one version, ready to decide. */
export type OwnPolicySet = {
  of(run: OwnRun): readonly Group[];
  /** Frees what the engine keeps of it. It is not asked any more. */
  release(): void;
};

/** What is in force for calls: none, policies, or why nobody can tell; then all is denied. */
export type OwnInForce =
  | { readonly kind: 'none' }
  | { readonly kind: 'policies'; readonly version: number; readonly policies: OwnPolicySet }
  | { readonly kind: 'unreadable'; readonly reason: string };

const base = '@id("own-base") permit (principal, action, resource);';

/** Of policies in which nothing is wrong. Each load has a name of its own, for the engine keeps what it was given until it is emptied. */
export function loadOwn(
  cedar: Pick<Cedar, 'preparsePolicySet'>,
  policies: readonly ReadOwnPolicy[],
  name: string,
): OwnPolicySet {
  const kept: string[] = [];
  const keep = (keptAs: string, staticPolicies: Record<string, string>): string => {
    const answer = cedar.preparsePolicySet(keptAs, { staticPolicies });
    if (answer.type === 'failure') throw new TypeError(answer.errors.map(({ message }) => message).join('; '));
    kept.push(keptAs);
    return keptAs;
  };
  const groups = new Map<string, Group>();
  for (const scope of new Set(policies.map((one) => one.scope))) {
    const own = policies.filter((one) => one.scope === scope);
    const textsOf = (effect: string) =>
      Object.fromEntries(own.filter((one) => one.effect === effect).map(({ id, text }) => [id, text]));
    const [forbids, permits] = [textsOf('forbid'), textsOf('permit')];
    groups.set(scope, {
      forbids:
        Object.keys(forbids).length === 0
          ? undefined
          : keep(`${name}/${scope}/forbid`, { ...forbids, 'own base': base }),
      permits: Object.keys(permits).length === 0 ? undefined : keep(`${name}/${scope}/permit`, permits),
      words: new Map(own.map(({ id, words }) => [id, words])),
      asking: new Map(own.flatMap(({ id, asks }) => (asks === undefined ? [] : [[id, asks] as const]))),
      digests: new Map(own.map(({ id, text }) => [id, textDigest(scope, text)])),
    });
  }
  return {
    of: (run) => scopesOf(run).flatMap((scope) => groups.get(scope) ?? []),
    release() {
      for (const one of kept) cedar.preparsePolicySet(one, { staticPolicies: {} });
    },
  };
}

type Said = { readonly id: string; readonly words: string; readonly people?: 1 | 2; readonly digest?: string };
type Narrowed = { readonly denies: readonly Said[]; readonly asks: readonly Said[]; readonly failed?: Decision };

const maxCached = 2000;

/**
 * A pack with the organisation's policies beside it. They narrow: what one of them forbids is denied, or asked about. They widen in one way
 * alone: what the pack would ask about goes ahead where one of them permits it, unless its server waits for approval, or it would change what
 * guards the agent. What the pack denies stays denied. A policy that fails is a no where it forbids, and permits nothing where it permits.
 * What is in force is looked at anew with each call.
 */
export function withOwn(
  cedar: OwnCedar,
  pack: Decisions,
  { inForce, run }: { readonly inForce: () => OwnInForce; readonly run: OwnRun },
): Decisions {
  let cachedFor: OwnInForce | undefined;
  const cache = new Map<string, Decision>();

  const ask = (set: string, { action, context, tool, subject }: Asked) => {
    const principal = { type: 'Agent::Session', id: 'this' };
    const resource = { type: 'Agent::Tool', id: tool.name.slice(0, 200) };
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: 'Agent::Action', id: action },
      resource,
      context,
      entities: [
        { uid: principal, attrs: { ...subject }, parents: [] },
        { uid: resource, attrs: { server: tool.server ?? '', isNew: tool.isNew === true }, parents: [] },
      ],
      preparsedPolicySetId: set,
      validateRequest: false,
    });
    if (answer.type === 'failure') throw new TypeError(answer.errors.map(({ message }) => message).join('; '));
    return answer.response;
  };

  function narrow(groups: readonly Group[], asked: Asked): Narrowed {
    const denies: Said[] = [];
    const asks: Said[] = [];
    for (const { forbids, words, asking, digests } of groups) {
      if (forbids === undefined) continue;
      try {
        const { decision, diagnostics } = ask(forbids, asked);
        // Cedar leaves out a policy that fails; what it would have forbidden nobody knows.
        const [error] = diagnostics.errors;
        if (error !== undefined) return { denies, asks, failed: failed(error.policyId, error.error.message) };
        if (decision === 'allow') continue;
        for (const id of diagnostics.reason.toSorted()) {
          const people = asking.get(id);
          const said = { id, words: words.get(id) ?? id };
          if (people === undefined) denies.push(said);
          else asks.push({ ...said, people, digest: digests.get(id) ?? '' });
        }
      } catch (error) {
        return { denies, asks, failed: denied(`Deciding by the organisation's policies failed: ${messageOf(error)}`) };
      }
    }
    return { denies, asks };
  }

  /** Those that permit it; what fails permits nothing. */
  function lifting(groups: readonly Group[], asked: Asked): readonly Said[] {
    return groups.flatMap(({ permits, words }) => {
      if (permits === undefined) return [];
      try {
        const { decision, diagnostics } = ask(permits, asked);
        if (decision !== 'allow' || diagnostics.errors.length > 0) return [];
        return diagnostics.reason.toSorted().map((id) => ({ id, words: words.get(id) ?? id }));
      } catch {
        return [];
      }
    });
  }

  function decideWith(groups: readonly Group[], question: CallQuestion): Decision {
    const { action, facts, tool, subject } = question;
    const byPack = pack.decide(question);
    if (byPack.verdict === 'deny') return byPack;
    const asked = (approved: boolean): Asked => ({
      action,
      context: contextOf(facts, approved),
      tool,
      subject,
    });
    const { denies, asks, failed: failure } = narrow(groups, asked(false));
    if (failure !== undefined) return failure;
    if (denies.length > 0) return told('deny', denies);
    // Where a pack wants two people, one policy is not enough.
    const isLiftable = byPack.verdict === 'ask' && byPack.people !== 2 && mayBeLifted(action, facts, tool);
    const lifted = isLiftable ? lifting(groups, asked(false)) : [];
    const packAsks = byPack.verdict === 'ask' && lifted.length === 0;
    if (asks.length === 0)
      return packAsks || lifted.length === 0 ? byPack : { ...told('allow', lifted), isLifted: true };
    const after = narrow(groups, asked(true));
    if (after.failed !== undefined) return after.failed;
    if (after.denies.length > 0) return told('deny', after.denies);
    const texts = asks.map(({ digest = '' }) => digest);
    const own: Decision = {
      ...told('ask', asks),
      texts,
      ...(asks.some(({ people }) => people === 2) ? { people: 2 } : {}),
    };
    const both: Decision = packAsks
      ? {
          ...own,
          reason: `${byPack.reason}; ${own.reason}`,
          policies: [...byPack.policies, ...own.policies],
          ...(byPack.people === 2 ? { people: 2 } : {}),
        }
      : own;
    return subject.isAttended
      ? both
      : { ...both, verdict: 'deny', reason: `${both.reason}; and nobody is there to be asked` };
  }

  function current(): { readonly groups: readonly Group[] } | { readonly refusal: Decision } {
    const now = inForce();
    if (now !== cachedFor) {
      cache.clear();
      cachedFor = now;
    }
    if (now.kind === 'unreadable')
      return {
        refusal: denied(`The organisation's own policies for agents cannot be read: ${now.reason}`),
      };
    return { groups: now.kind === 'none' ? [] : now.policies.of(run) };
  }

  const forbidden = (action: string, asked: Omit<Asked, 'action'>): boolean => {
    const now = current();
    if ('refusal' in now) return true;
    const { denies, asks, failed: failure } = narrow(now.groups, { action, ...asked });
    return failure !== undefined || denies.length > 0 || asks.length > 0;
  };

  return {
    pack: pack.pack,
    policies: pack.policies,
    whyUnreadable() {
      const now = current();
      return 'refusal' in now ? now.refusal.reason : pack.whyUnreadable();
    },
    decide(question) {
      const now = current();
      if ('refusal' in now) return now.refusal;
      if (now.groups.length === 0) return pack.decide(question);
      const key = JSON.stringify([question.action, question.facts, question.tool, question.subject]);
      const known = cache.get(key);
      if (known !== undefined) return known;
      const failures = cedar.thrown();
      const decision = decideWith(now.groups, question);
      if (cedar.thrown() !== failures) return decision;
      if (cache.size >= maxCached) cache.clear();
      cache.set(key, decision);
      return decision;
    },
    trusts: (tool, answers, subject) =>
      pack.trusts(tool, answers, subject) && !forbidden('trust', { context: { answers }, tool, subject }),
    reveals: (tool, found, subject) =>
      pack.reveals(tool, found, subject) &&
      !forbidden('reveal', {
        context: { of: found.class, kind: found.kind, confidence: found.confidence },
        tool,
        subject,
      }),
  };
}

/** Whatever anybody writes: a server nobody approved, and what guards agents, are not let through by it. */
function mayBeLifted(action: DecisionAction, { classes }: FlowFacts, tool: DecisionTool): boolean {
  return action !== 'configure' && tool.isNew !== true && !classes.includes('harness-settings');
}

function textDigest(scope: string, text: string): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, text]))
    .digest('hex');
}

function told(verdict: Decision['verdict'], said: readonly Said[]): Decision {
  return {
    verdict,
    reason: said.map(({ words }) => words).join('; '),
    policies: said.map(({ id }) => `${ownPrefix}${id}`),
  };
}

function failed(id: string, why: string): Decision {
  return { verdict: 'deny', reason: `Policy "${ownPrefix}${id}" failed: ${why}`, policies: [`${ownPrefix}${id}`] };
}

function denied(reason: string): Decision {
  return { verdict: 'deny', reason, policies: [] };
}
