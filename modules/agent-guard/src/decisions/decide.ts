import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf } from '@sallyport/platform/errors';
import type { AgentVerdict } from '@sallyport/contracts';
import { contextOf } from './facts.ts';
import type { DecisionAction, FlowFacts } from './facts.ts';
import type { Cedar, LoadedPack } from './load-pack.ts';

/** Whom a decision is about. */
export type DecisionSubject = {
  readonly isAttended: boolean;
  readonly isSubAgent: boolean;
  readonly harness: string;
};

/** Under every pack but the one for machines people may be asked, at the harness or elsewhere: whether one is there is seen when they are. */
export function subjectOf({
  pack,
  harness,
  isAttended,
}: {
  readonly pack: string;
  readonly harness: string;
  readonly isAttended: boolean;
}): DecisionSubject {
  // A child is judged by the memory of all, so what it may is never more than what its parent may.
  return { isAttended: isAttended || pack !== 'unattended', isSubAgent: false, harness };
}

/** The tool, as policies know it. */
export type DecisionTool = { readonly name: string; readonly server?: string; readonly isNew?: boolean };

export type Decision = {
  readonly verdict: AgentVerdict;
  /** The policies' words, or why nothing could be decided. */
  readonly reason: string;
  readonly policies: readonly string[];
  /** So many different people must say yes, where one is not enough. */
  readonly people?: 2;
  /** The pack would have asked; a policy of the organisation let it through. */
  readonly isLifted?: true;
  /** Digests of the texts of those policies that an organisation can change while an agent runs: a yes is to these. */
  readonly texts?: readonly string[];
};

/**
 * What a pack says of an action with its facts. Deny by default, and deny when unsure: no policy that allows, one that fails, a fact that does
 * not fit the schema and a failing engine are all a no. Never throws.
 */
export type Decisions = {
  readonly pack: string;
  /** Ids of its policies. */
  readonly policies: readonly string[];
  /** Why it decides nothing now, so that every call is denied; found by asking the engine. Undefined where it decides. */
  whyUnreadable(): string | undefined;
  decide(question: {
    readonly action: DecisionAction;
    readonly facts: FlowFacts;
    readonly tool: DecisionTool;
    readonly subject: DecisionSubject;
  }): Decision;
  /** Whether what a tool answers is trusted. What fails is not. */
  trusts(tool: DecisionTool, answers: string, subject: DecisionSubject): boolean;
  /** Whether the agent may read what was found in an answer as it stands, instead of a token for it. What fails may not be read. */
  reveals(tool: DecisionTool, found: FoundContent, subject: DecisionSubject): boolean;
};

/** A secret, or something about a person, by its form. */
export type FoundContent = {
  readonly class: 'secret' | 'personal';
  readonly kind: string;
  readonly confidence: string;
};

const maxCached = 5000;

/** Any that fits the schema: whether there is an answer is what counts. */
const plainQuestion = {
  action: 'trust',
  context: { answers: 'content' },
  tool: { name: 'Read' },
  subject: { isAttended: false, isSubAgent: false, harness: 'other' },
} as const;

export function createDecisions(cedar: Cedar, { name, keptAs, words, asking }: LoadedPack): Decisions {
  /** A pure function of the question, asked again with most calls. */
  const cache = new Map<string, Decision>();
  const remembered = (question: readonly unknown[], answer: () => Decision): Decision => {
    const key = JSON.stringify(question);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const failures = cedar.thrown();
    const decision = answer();
    // It rests on an engine that broke, and not on the question.
    if (cedar.thrown() !== failures) return decision;
    if (cache.size >= maxCached) cache.clear();
    cache.set(key, decision);
    return decision;
  };

  type Ask = { action: string; context: Record<string, CedarValueJson>; tool: DecisionTool; subject: DecisionSubject };
  const answerTo = ({ action, context, tool, subject }: Ask) => {
    try {
      const principal = { type: 'Agent::Session', id: 'this' };
      const resource = { type: 'Agent::Tool', id: tool.name.slice(0, 200) };
      const answer = cedar.statefulIsAuthorized({
        principal,
        action: { type: 'Agent::Action', id: action },
        resource,
        context: { ...context },
        entities: [
          { uid: principal, attrs: { ...subject }, parents: [] },
          { uid: resource, attrs: { server: tool.server ?? '', isNew: tool.isNew === true }, parents: [] },
        ],
        preparsedSchemaName: keptAs,
        preparsedPolicySetId: keptAs,
        validateRequest: true,
      });
      if (answer.type === 'failure') return { failure: answer.errors.map(({ message }) => message).join('; ') };
      const { decision, diagnostics } = answer.response;
      // Cedar leaves out a policy that fails; had it been one that forbids, what is left would allow.
      const [failed] = diagnostics.errors;
      if (failed !== undefined) return { failure: `Policy "${failed.policyId}" failed: ${failed.error.message}` };
      return { decision, reason: diagnostics.reason };
    } catch (error) {
      return { failure: `Deciding failed: ${messageOf(error)}` };
    }
  };

  const ask = (asked: Ask): Decision => {
    const answer = answerTo(asked);
    if (answer.failure !== undefined) return denied(answer.failure);
    const policies = answer.reason.toSorted();
    const said = policies.map((id) => words.get(id) ?? id).join('; ');
    if (answer.decision === 'allow') return { verdict: 'allow', reason: said, policies };
    const asks = policies.length > 0 && policies.every((id) => asking.has(id));
    return {
      verdict: asks ? 'ask' : 'deny',
      reason: said === '' ? `No policy of "${name}" allows it` : said,
      policies,
      ...(asks && policies.some((id) => asking.get(id) === 2) ? { people: 2 } : {}),
    };
  };

  return {
    pack: name,
    policies: [...words.keys()],
    whyUnreadable: () => answerTo(plainQuestion).failure,
    decide: ({ action, facts, tool, subject }) =>
      remembered([action, facts, tool, subject], () => {
        const decision = ask({ action, context: contextOf(facts, false), tool, subject });
        if (decision.verdict !== 'ask') return decision;
        // A person's yes must be enough; where it is not, asking would be in vain. Where nobody can say yes, it is a no.
        const after = ask({ action, context: contextOf(facts, true), tool, subject });
        if (after.verdict !== 'allow') return after.verdict === 'deny' ? after : denied('A yes would not be enough');
        if (subject.isAttended) return decision;
        return { ...decision, verdict: 'deny', reason: `${decision.reason}; and nobody is there to be asked` };
      }),
    trusts: (tool, answers, subject) =>
      remembered(['trust', answers, tool, subject], () => ask({ action: 'trust', context: { answers }, tool, subject }))
        .verdict === 'allow',
    reveals: (tool, { class: of, kind, confidence }, subject) =>
      remembered(['reveal', of, kind, confidence, tool, subject], () =>
        ask({ action: 'reveal', context: { of, kind, confidence }, tool, subject }),
      ).verdict === 'allow',
  };
}

/** In place of a pack that cannot be asked. */
export function createRefusal(pack: string, why: string): Decisions {
  return {
    pack,
    policies: [],
    whyUnreadable: () => why,
    decide: () => denied(`Deciding failed: ${why}`),
    trusts: () => false,
    reveals: () => false,
  };
}

function denied(reason: string): Decision {
  return { verdict: 'deny', reason, policies: [] };
}
