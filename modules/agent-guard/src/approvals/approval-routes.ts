import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { harnesses, isSameOwner, type Owner } from '../sessions/agent.ts';
import { approvalEnds, type AnsweredApproval } from './approval.ts';
import type { Approvals } from './approvals.ts';
import type { WaitingApproval } from './open-questions.ts';
import { whyNotCounted } from './two-people.ts';
import { visibleLine } from './visible-text.ts';
import { mayAnswer } from './who-answers.ts';

const Counts = Type.Object({ granted: Type.Integer(), refused: Type.Integer(), unanswered: Type.Integer() });
const optionalText = Type.Optional(Type.String());
const Asked = {
  id: Type.String(),
  session_id: Type.String(),
  agent_id: Type.String(),
  asked_at_ms: Type.Integer(),
  tool: Type.String(),
  place: Type.String({ description: 'Where it goes or what it touches; empty where that cannot be said' }),
  kinds: Type.Array(Type.String()),
};
const ShownWaiting = Type.Object({
  ...Asked,
  agent: Type.Object({ name: Type.String(), harness: Type.Enum([...harnesses]) }),
  owner: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
  waits_until_ms: Type.Integer({ description: 'A no from then on' }),
  repository: optionalText,
  branch: optionalText,
  host: optionalText,
  workspace: optionalText,
  model: optionalText,
  attended: Type.Boolean(),
  sub_agent: optionalText,
  server: optionalText,
  does: Type.Array(Type.String(), { description: 'Each thing the call does, in words' }),
  values: Type.Array(
    Type.Object({
      name: Type.String(),
      text: Type.String({ description: 'What cannot be seen in it stands as its number, `⟨U+202E⟩`' }),
      left_out: Type.Integer({ description: 'Characters in its middle that are not shown' }),
      hidden: Type.Integer({ description: 'Signs in it that could not be seen' }),
    }),
  ),
  values_left_out: Type.Integer(),
  policies: Type.Array(Type.Object({ id: Type.String(), words: Type.String() }), {
    description: 'Those that asked',
  }),
  reason: Type.String(),
  taint: Type.Array(Type.String(), { description: 'Through what the words of others came to it, the first first' }),
  steps: Type.Array(
    Type.Object({
      at_ms: Type.Integer(),
      words: Type.String(),
      verdict: Type.Optional(Type.Enum(['allow', 'ask', 'deny'])),
    }),
    { description: 'What the run did last, the oldest first' },
  ),
  similar: Type.Object(Counts.properties, { description: 'Answers to the same agent about the same tool and place' }),
  people_needed: Type.Integer({
    description: 'So many different people must say yes; two for what policy asks two about',
  }),
  yeses: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), at_ms: Type.Integer() }), {
    description: 'Who said yes already, where two people must',
  }),
  is_grave: Type.Boolean({ description: 'A yes needs a fresh proof, and holds for one call' }),
  may_hold: Type.Boolean({ description: 'A yes may hold for the run' }),
  may_answer: Type.Boolean({ description: 'Whoever asks may answer it' }),
  not_counted: Type.Optional(
    Type.Enum(['own', 'twice', 'no-right'], {
      description:
        'Why a yes of whoever asks would not count, where two people must say it: the agent acts for them, they did already, or they may not answer for others',
    }),
  ),
  digest: Type.String({ description: 'Of the very call; an answer names it' }),
});
const ShownAnswered = Type.Object({
  ...Asked,
  title: Type.String(),
  answer: Type.Enum([...approvalEnds], { description: '`ended`: what asked was over before' }),
  scope: Type.Enum(['once', 'session']),
  answered_by: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
  also_by: Type.Optional(
    Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
      description: 'Who said yes before, where two people must',
    }),
  ),
  answered_at_ms: Type.Integer(),
  words: Type.String(),
});
const List = Type.Object({
  waiting: Type.Array(ShownWaiting, { description: 'The oldest first' }),
  answered: Type.Array(ShownAnswered, { description: 'Of the last 90 days, newest first' }),
});
const query = Type.Object(
  {
    answered: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 200, description: 'How many of those that were answered; default 50' }),
    ),
  },
  { additionalProperties: false },
);

/** `/v1/agent/approvals`: calls of agents that wait for a person. */
export function createApprovalRoutes(approvals: Approvals): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];

    const listFor = async (
      principal: Principal,
      { limit, own }: { readonly limit: number; readonly own: boolean },
    ): Promise<Static<typeof List>> => {
      const owners = await approvals.ownersFor(principal);
      return {
        waiting: approvals
          .waiting()
          .filter(({ approval }) => !own || owners.some((owner) => isSameOwner(approval.owner, owner)))
          .map((waiting) => shownWaiting(waiting, { principal, owners })),
        answered: (await approvals.answered({ ...(own ? { owners } : {}), limit })).flatMap(shownAnswered),
      };
    };

    app.get(
      '/v1/agent/approvals',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Calls of agents that wait for a person, and those of before',
          tags,
          querystring: query,
          response: { 200: List },
        },
      },
      async ({ principal, query: { answered = 50 } }) => listFor(principal, { limit: answered, own: false }),
    );

    app.get(
      '/v1/agent/approvals/own',
      {
        config: { scope: 'agents:run' },
        schema: {
          summary: 'Calls of one’s own agents, and of service accounts one answers for, that wait for a person',
          tags,
          querystring: query,
          response: { 200: List },
        },
      },
      async ({ principal, query: { answered = 50 } }) => listFor(principal, { limit: answered, own: true }),
    );

    app.post(
      '/v1/agent/approvals/:id/answer',
      {
        config: { scope: 'agents:run' },
        schema: {
          summary:
            'Say yes or no to a call of an agent of one’s own or of a service account one answers for; with `agents:approve` anybody’s',
          description:
            'By people alone. Where two people must say yes, the question waits on after the first, and one no ends it. A yes to what is grave needs a fresh proof; with a token, as of the command line, every yes needs a sign-in from after the question.',
          tags,
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          body: Type.Object(
            {
              answer: Type.Enum(['grant', 'refuse']),
              scope: Type.Optional(
                Type.Enum(['once', 'session'], {
                  description:
                    'How long a yes holds: for this call, or for the same question in this run. Default `once`',
                }),
              ),
              digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of what was shown' }),
              words: Type.Optional(Type.String({ maxLength: 500, description: 'The agent reads them' })),
            },
            { additionalProperties: false },
          ),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { params, body, principal } = request;
        const waiting = await approvals.find(params.id, principal);
        // Whose yes would not count is not asked for a proof first, and cannot say yes without either.
        const isProved =
          body.answer === 'grant' && waiting.question.isGrave && whyNotCounted(principal, waiting) === undefined;
        if (isProved) await request.requireFreshProof();
        await approvals.answer({
          id: params.id,
          by: principal,
          answer: body.answer,
          scope: body.scope ?? 'once',
          digest: body.digest,
          words: body.words ?? '',
          isProved,
        });
        return reply.code(204).send(null);
      },
    );
  };
}

function shownWaiting(
  waiting: WaitingApproval,
  { principal, owners }: { readonly principal: Principal; readonly owners: readonly Owner[] },
): Static<typeof ShownWaiting> {
  const { approval, question, standing, waitsUntilMs, steps, similar, yeses } = waiting;
  const notCounted = whyNotCounted(principal, waiting);
  const { agent, session, ownerName } = standing;
  const { repository, branch, host, workspace, model, isAttended } = session.facts;
  const facts = { repository, branch, host, workspace, model: model?.name };
  const known = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, visibleLine(value, 300)] as const],
  );
  return {
    id: approval.id,
    session_id: approval.sessionId,
    agent_id: approval.agentId,
    agent: { name: agent.name, harness: agent.harness },
    owner: { ...approval.owner, name: ownerName },
    asked_at_ms: approval.askedAtMs,
    waits_until_ms: waitsUntilMs,
    ...Object.fromEntries(known),
    attended: isAttended,
    ...(question.subAgent === undefined ? {} : { sub_agent: question.subAgent }),
    tool: question.tool,
    ...(question.server === undefined ? {} : { server: question.server }),
    place: question.place,
    kinds: [...question.kinds],
    does: [...question.does],
    values: question.values.map(({ leftOut, ...value }) => ({ ...value, left_out: leftOut })),
    values_left_out: question.valuesLeftOut,
    policies: [...question.policies],
    reason: question.reason,
    taint: [...question.taint],
    steps: steps.map(({ atMs, ...step }) => ({ at_ms: atMs, ...step })),
    similar,
    people_needed: question.people,
    yeses: yeses.map(({ id, name, atMs }) => ({ id, name, at_ms: atMs })),
    is_grave: question.isGrave,
    may_hold: question.mayHold,
    may_answer: mayAnswer(principal, approval, owners),
    ...(notCounted === undefined ? {} : { not_counted: notCounted }),
    digest: question.digest,
  };
}

function shownAnswered(approval: AnsweredApproval): Static<typeof ShownAnswered>[] {
  const { answer } = approval;
  if (answer === undefined) return [];
  return [
    {
      id: approval.id,
      session_id: approval.sessionId,
      agent_id: approval.agentId,
      asked_at_ms: approval.askedAtMs,
      tool: approval.tool,
      place: approval.place,
      kinds: [...approval.kinds],
      title: approval.title,
      answer: answer.end,
      scope: answer.scope,
      ...(answer.by === undefined ? {} : { answered_by: answer.by }),
      ...(answer.yeses === undefined ? {} : { also_by: answer.yeses.map(({ id, name }) => ({ id, name })) }),
      answered_at_ms: answer.atMs,
      words: answer.words,
    },
  ];
}
