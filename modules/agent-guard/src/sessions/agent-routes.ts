import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { typedApp } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { AgentGuardNeeds } from '../needs.ts';
import { packNames } from '../decisions/index.ts';
import { approvalModes, harnesses } from './agent.ts';
import type { Agent, AgentSession } from './agent.ts';
import { ownerOf } from './agent-sessions.ts';
import type { AgentSessions } from './agent-sessions.ts';
import type { SessionMachine } from './machine.ts';
import type { MachineProofs } from './machine-proofs.ts';
import { MachineProofBody, SaidMachineBody, saidMachine, ShownMachine, shownMachine } from './machine-schema.ts';
import type { RunTallies, RunTally } from './run-tally.ts';

const ShownOwner = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String({ description: 'Empty when there is nobody of this id any more' }),
});
const ShownAgent = Type.Object({
  id: Type.String(),
  name: Type.String(),
  harness: Type.Enum([...harnesses]),
  pack: Type.Enum([...packNames], { description: 'The policies it is judged by' }),
  approvals: Type.Enum([...approvalModes], {
    description:
      'Where people are asked about its calls. `auto`: by its harness where that can, here otherwise; `central`: always here; `off`: nobody is, which is a no',
  }),
  owner: ShownOwner,
  created_at_ms: Type.Integer(),
  seen_at_ms: Type.Integer({ description: 'When a run of it was begun last' }),
});
const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));
const facts = {
  workspace: text(4096),
  home: text(4096),
  host: text(256),
  repository: text(1024),
  branch: text(256),
  model: Type.Optional(
    Type.Object(
      { name: Type.String({ minLength: 1, maxLength: 256 }), provider: Type.String({ maxLength: 256 }) },
      { additionalProperties: false },
    ),
  ),
  harness_version: text(100),
  attended: Type.Optional(
    Type.Boolean({ description: 'Somebody sits in front of it and can be asked. Default false' }),
  ),
  resumed: Type.Optional(
    Type.Boolean({ description: 'Its conversation goes on from before: what is in it counts as words of others' }),
  ),
};
const ShownSession = Type.Object({
  id: Type.String(),
  agent_id: Type.String(),
  owner: Type.Object({ kind: Type.String(), id: Type.String() }),
  ...facts,
  machine: ShownMachine,
  started_at_ms: Type.Integer(),
  seen_at_ms: Type.Integer(),
  ends_at_ms: Type.Integer({ description: 'Whatever happens, it is over then' }),
  hook_at_ms: Type.Optional(Type.Integer({ description: 'When its last hook came; missing when none ever did' })),
  calls_judged: Type.Integer({ description: 'Calls of tools that were decided' }),
  calls_refused: Type.Integer(),
  usage: Type.Optional(
    Type.Object(
      {
        model_calls: Type.Integer(),
        input_tokens: Type.Integer(),
        output_tokens: Type.Integer(),
        cached_tokens: Type.Integer({ description: 'Of those that went in, read from a cache' }),
        cost_usd: Type.Number({ description: 'As the harness reckons' }),
      },
      { description: 'What the harness told of itself; missing when it told nothing' },
    ),
  ),
  ended_at_ms: Type.Optional(Type.Integer()),
  ended_for: Type.Optional(Type.String({ description: '`finished`, `ended-by-hand`, `stopped`, `expired`' })),
});
const id = Type.String({ minLength: 1, maxLength: 100 });
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' }));
const strict = { additionalProperties: false } as const;

/** `/v1/agents` and `/v1/agent/sessions`: who runs agents, and their runs. */
export function createAgentRoutes(
  sessions: AgentSessions,
  needs: Pick<AgentGuardNeeds, 'owner' | 'machines'> & {
    readonly tallies: Pick<RunTallies, 'of'>;
    readonly proofs: MachineProofs;
  },
): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];
    const own = { scope: 'agents:run' };

    const shownAgents = async (agents: readonly Agent[]): Promise<Static<typeof ShownAgent>[]> => {
      const names = new Map<string, string>();
      for (const { owner } of agents) {
        const key = `${owner.kind}/${owner.id}`;
        if (!names.has(key)) names.set(key, (await needs.owner(owner))?.name ?? '');
      }
      return agents.map(({ createdAtMs, seenAtMs, owner, ...agent }) => ({
        ...agent,
        owner: { ...owner, name: names.get(`${owner.kind}/${owner.id}`) ?? '' },
        created_at_ms: createdAtMs,
        seen_at_ms: seenAtMs,
      }));
    };

    const shownSessions = async (found: readonly AgentSession[]): Promise<Static<typeof ShownSession>[]> => {
      const tallies = await needs.tallies.of(found.map(({ id: sessionId }) => sessionId));
      return found.map((session) => shown(session, tallies.get(session.id), needs.machines));
    };

    app.get(
      '/v1/agents',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Every agent, last seen first',
          tags,
          response: { 200: Type.Object({ agents: Type.Array(ShownAgent) }) },
        },
      },
      async () => ({ agents: await shownAgents(await sessions.agents()) }),
    );

    app.get(
      '/v1/agents/own',
      {
        config: own,
        schema: {
          summary: 'One’s own agents, last seen first',
          tags,
          response: { 200: Type.Object({ agents: Type.Array(ShownAgent) }) },
        },
      },
      async ({ principal }) => ({ agents: await shownAgents(await sessions.agents(ownerOf(principal))) }),
    );

    app.patch(
      '/v1/agents/:id',
      {
        config: { scope: 'agents:manage', stepUp: true },
        schema: {
          summary: 'Choose the policies an agent is judged by, and where people are asked, from its next call on',
          tags,
          params: Type.Object({ id }),
          body: Type.Object(
            { pack: Type.Optional(Type.Enum([...packNames])), approvals: Type.Optional(Type.Enum([...approvalModes])) },
            { ...strict, minProperties: 1 },
          ),
          response: { 200: ShownAgent },
        },
      },
      async ({ params, body, principal }) => {
        const [agent] = await shownAgents([await sessions.change({ id: params.id, ...body, by: principal })]);
        if (agent === undefined) throw new TypeError('Cannot show the agent: it is not there');
        return agent;
      },
    );

    app.get(
      '/v1/agent/sessions',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Runs of agents, newest first; of the last 30 days',
          tags,
          querystring: Type.Object({ agent: Type.Optional(id), open: Type.Optional(Type.Boolean()), limit }, strict),
          response: { 200: Type.Object({ sessions: Type.Array(ShownSession) }) },
        },
      },
      async ({ query }) => ({
        sessions: await shownSessions(
          await sessions.sessions({
            limit: query.limit ?? 100,
            ...(query.agent === undefined ? {} : { agentId: query.agent }),
            ...(query.open === undefined ? {} : { open: query.open }),
          }),
        ),
      }),
    );

    app.get(
      '/v1/agent/sessions/own',
      {
        config: own,
        schema: {
          summary: 'Runs of one’s own agents, newest first',
          tags,
          querystring: Type.Object({ open: Type.Optional(Type.Boolean()), limit }, strict),
          response: { 200: Type.Object({ sessions: Type.Array(ShownSession) }) },
        },
      },
      async ({ query, principal }) => ({
        sessions: await shownSessions(
          await sessions.sessions({
            owner: ownerOf(principal),
            limit: query.limit ?? 100,
            ...(query.open === undefined ? {} : { open: query.open }),
          }),
        ),
      }),
    );

    app.post(
      '/v1/agent/sessions',
      {
        config: own,
        schema: {
          summary: 'Begin a run of an agent of one’s own; the credential is shown only in this reply',
          tags,
          body: Type.Object(
            {
              agent: Type.String({ minLength: 1, maxLength: 100 }),
              harness: Type.Enum([...harnesses]),
              ...facts,
              machine: Type.Optional(SaidMachineBody),
              machine_proof: Type.Optional(MachineProofBody),
            },
            strict,
          ),
          response: {
            201: Type.Object({
              session: ShownSession,
              agent: ShownAgent,
              token: Type.String({ description: 'For `POST /v1/agent/hooks/{harness}`, as a bearer' }),
              telemetry_token: Type.String({
                description:
                  'For `POST /v1/agent/telemetry` and what is below it, as a bearer, and good for nothing else: for variables that other programs read too. Ends with the run',
              }),
            }),
          },
        },
      },
      async ({ body, principal, client }, reply) => {
        const { agent: name, harness, harness_version: harnessVersion, attended = false, resumed, ...told } = body;
        const { machine: said, machine_proof: proof, ...rest } = told;
        const judged =
          proof === undefined
            ? undefined
            : needs.proofs.judge(proof, { owner: ownerOf(principal), servers: client.reachedAs ?? [] });
        const machine: SessionMachine = {
          ...(said === undefined ? {} : { said: saidMachine(said) }),
          ...(judged?.kind === 'proved' ? { sensorId: judged.sensorId } : {}),
          ...(judged?.kind === 'refused' ? { isProofRefused: true } : {}),
        };
        const begun = await sessions.begin({
          by: principal,
          name,
          harness,
          facts: {
            ...rest,
            ...(harnessVersion === undefined ? {} : { harnessVersion }),
            isAttended: attended,
            ...(resumed === true ? { isResumed: true } : {}),
            machine,
            address: client.address,
          },
        });
        const [agent] = await shownAgents([begun.agent]);
        if (agent === undefined) throw new TypeError('Cannot show the agent: it is not there');
        const session = shown(begun.session, undefined, needs.machines);
        const [token, telemetry_token] = [begun.token.reveal(), begun.telemetryToken.reveal()];
        return reply.code(201).send({ session, agent, token, telemetry_token });
      },
    );

    app.post(
      '/v1/agent/machine-nonces',
      {
        config: own,
        schema: {
          summary:
            'A nonce for the sensor of this machine to sign, for a run that begins here; good for a minute, once',
          tags,
          response: { 201: Type.Object({ nonce: Type.String(), good_until_ms: Type.Integer() }) },
        },
      },
      async ({ principal }, reply) => {
        const { nonce, goodUntilMs } = needs.proofs.nonce(ownerOf(principal));
        return reply.code(201).send({ nonce, good_until_ms: goodUntilMs });
      },
    );

    app.post(
      '/v1/agent/sessions/:id/renew',
      {
        config: own,
        schema: {
          summary: 'Say that a run of one’s own goes on',
          tags,
          params: Type.Object({ id }),
          response: {
            200: Type.Object({
              quiet_until_ms: Type.Integer({ description: 'Over then, unless something is heard of it' }),
            }),
          },
        },
      },
      async ({ params, principal }) => ({
        quiet_until_ms: (await sessions.renew({ id: params.id, by: principal })).quietUntilMs,
      }),
    );

    app.post(
      '/v1/agent/sessions/:id/end',
      {
        config: own,
        schema: {
          summary: 'End a run of one’s own; with `agents:stop` anybody’s',
          tags,
          params: Type.Object({ id }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params, principal }, reply) => {
        await sessions.end({
          id: params.id,
          by: principal,
          anybodys: mayStop(principal),
          for: 'ended-by-hand',
        });
        return reply.code(204).send(null);
      },
    );
  };
}

function mayStop({ scopes }: Principal): boolean {
  return scopes.includes('agents:stop');
}

function shown(
  session: AgentSession,
  tally: RunTally | undefined,
  machines: AgentGuardNeeds['machines'],
): Static<typeof ShownSession> {
  const { agentId, owner, facts: of, ended } = session;
  const { isAttended, isResumed, harnessVersion, machine, address: _address, ...rest } = of;
  return {
    id: session.id,
    agent_id: agentId,
    owner,
    ...rest,
    ...(harnessVersion === undefined ? {} : { harness_version: harnessVersion }),
    attended: isAttended,
    ...(isResumed === undefined ? {} : { resumed: isResumed }),
    machine: shownMachine(machine, machines),
    started_at_ms: session.startedAtMs,
    seen_at_ms: session.seenAtMs,
    ends_at_ms: session.endsAtMs,
    ...(tally === undefined || tally.hookAtMs === 0 ? {} : { hook_at_ms: tally.hookAtMs }),
    calls_judged: tally?.judged ?? 0,
    calls_refused: tally?.refused ?? 0,
    ...(tally === undefined || tally.modelCalls === 0 ? {} : { usage: usageOf(tally) }),
    ...(ended === undefined ? {} : { ended_at_ms: ended.atMs, ended_for: ended.for }),
  };
}

function usageOf(tally: RunTally): NonNullable<Static<typeof ShownSession>['usage']> {
  return {
    model_calls: tally.modelCalls,
    input_tokens: tally.inputTokens,
    output_tokens: tally.outputTokens,
    cached_tokens: tally.cachedTokens,
    cost_usd: tally.costMicros / 1e6,
  };
}
