import type { Clock } from '@sallyport/platform/clock';
import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { RuleExceptionError } from './errors.ts';
import { exceptionLimits, isWarning } from './exception.ts';
import type { ExceptionText } from './exception.ts';
import {
  ChangedBody,
  Detailed,
  SavedBody,
  Shown,
  TrialShown,
  TriedBody,
  params,
  revision,
} from './exception-schema.ts';
import type { ReviewedException, RuleExceptions } from './exceptions.ts';
import { detailed, shown, shownTrial } from './shown-exception.ts';

/** `/v1/exceptions`: matches that are known and harmless, hidden until a day. */
export function createRuleExceptionRoutes(
  exceptions: RuleExceptions,
  { clock }: { readonly clock: Clock },
): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['exceptions'];

    app.get(
      '/v1/exceptions',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'List exceptions, the newest first, those that are over included',
          tags,
          querystring: Type.Object(
            {
              state: Type.Optional(Type.Enum(['proposed', 'active', 'expired', 'withdrawn'])),
              rule: Type.Optional(Type.String({ maxLength: 256, description: 'Those that are for this rule' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ exceptions: Type.Array(Shown) }) },
        },
      },
      async ({ query: { state, rule } }) => ({
        exceptions: (await exceptions.list())
          .filter((one) => (state === undefined || one.state === state) && isFor(one, rule))
          .map(shown),
      }),
    );

    app.post(
      '/v1/exceptions/try',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'Evaluate an exception on what its rules found: what it would have hidden. Saves nothing',
          tags,
          body: TriedBody,
          response: { 202: TrialShown },
        },
      },
      async ({ body, principal }, reply) => {
        // What a condition holds for says what events contain.
        if (!principal.scopes.includes('events:read') || !principal.scopes.includes('alerts:read'))
          throw new RuleExceptionError(
            'exception_not_allowed',
            'Cannot try an exception: it looks at events and findings, which takes events:read and alerts:read',
          );
        const text = { name: '', reason: '', ...whatOf(body) };
        const trial = await exceptions.try({ text, days: body.days ?? 30, by: principal });
        return reply.code(202).send(shownTrial(trial));
      },
    );

    app.get(
      '/v1/exceptions/trials/:id',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'How far a trial is, and what it came to; one’s own, for an hour',
          tags,
          params,
          response: { 200: TrialShown },
        },
      },
      async ({ params: { id }, principal }) => shownTrial(exceptions.trial(id, principal)),
    );

    app.post(
      '/v1/exceptions/trials/:id/cancel',
      {
        config: { scope: 'rules:manage' },
        schema: { summary: 'End a trial', tags, params, response: { 200: TrialShown } },
      },
      async ({ params: { id }, principal }) => shownTrial(exceptions.cancelTrial(id, principal)),
    );

    app.get(
      '/v1/exceptions/:id',
      {
        config: { scope: 'alerts:read' },
        schema: {
          summary: 'One exception with its versions and the newest of what it hid',
          tags,
          params,
          response: { 200: Detailed },
        },
      },
      async ({ params: { id } }) => detailed(await exceptions.get(id)),
    );

    const savedText = (body: Static<typeof SavedBody>): ExceptionText => textOfBody(body, clock.nowMs());

    app.post(
      '/v1/exceptions',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary:
            'Hide matches of rules where a condition holds, from now on. For all rules, for rules about this server, without an end or for over a year: administrators, with a fresh proof',
          tags,
          body: SavedBody,
          response: { 201: Detailed },
        },
      },
      async (request, reply) => {
        const { body, principal } = request;
        const text = savedText(body);
        await provenFor(request, text);
        return reply.code(201).send(detailed(await exceptions.create(askedOf(body, text, principal))));
      },
    );

    app.put(
      '/v1/exceptions/:id',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'Change an exception: a new version, in force from now on',
          tags,
          params,
          body: ChangedBody,
          response: { 200: Detailed },
        },
      },
      async (request) => {
        const { body, principal, params: given } = request;
        const text = savedText(body);
        await provenFor(request, text);
        const asked = askedOf(body, text, principal);
        return detailed(await exceptions.change({ ...asked, id: given.id, revision: body.revision }));
      },
    );

    app.post(
      '/v1/exceptions/:id/approve',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'Put a proposed exception into force, as a second person',
          tags,
          params,
          body: Type.Object({ revision }, { additionalProperties: false }),
          response: { 200: Detailed },
        },
      },
      async (request) => {
        const { body, principal, params: given } = request;
        const seen = await exceptions.get(given.id);
        const [newest] = seen.versions;
        if (newest !== undefined) await provenFor(request, newest.text);
        return detailed(await exceptions.approve({ ...given, revision: body.revision, by: principal }));
      },
    );

    app.post(
      '/v1/exceptions/:id/withdraw',
      {
        config: { scope: 'rules:manage' },
        schema: {
          summary: 'End an exception: events received from now on are told again; what was hidden stays so',
          tags,
          params,
          body: Type.Object(
            { revision, reason: Type.String({ minLength: 1, maxLength: 2000 }) },
            { additionalProperties: false },
          ),
          response: { 200: Detailed },
        },
      },
      async ({ body, principal, params: { id } }) =>
        detailed(await exceptions.withdraw({ id, ...body, by: principal })),
    );

    async function provenFor(
      request: { readonly principal: Principal; requireFreshProof(): Promise<void> },
      text: ExceptionText,
    ): Promise<void> {
      if (request.principal.scopes.includes('settings:manage') && exceptions.needsFurtherRight(text))
        await request.requireFreshProof();
    }
  };
}

function isFor({ versions: [newest] }: ReviewedException, rule: string | undefined): boolean {
  return rule === undefined || newest?.text.rules === 'all' || newest?.text.rules.includes(rule) === true;
}

function whatOf(
  body: Pick<Static<typeof TriedBody>, 'rules' | 'all_rules' | 'condition' | 'host' | 'user' | 'site'>,
): Omit<ExceptionText, 'name' | 'reason'> {
  const { rules, all_rules: forAll, condition, host, user, site } = body;
  if ((rules !== undefined) === (forAll === true))
    throw new RuleExceptionError('exception_invalid', 'Cannot take an exception: must have "rules" or "all_rules"');
  if (Buffer.byteLength(condition) > exceptionLimits.conditionBytes)
    throw new RuleExceptionError(
      'exception_invalid',
      `Cannot take a condition of ${Buffer.byteLength(condition)} bytes: must have at most ${exceptionLimits.conditionBytes}`,
    );
  return {
    rules: rules ?? 'all',
    condition,
    ...(host === undefined ? {} : { host }),
    ...(user === undefined ? {} : { user }),
    ...(site === undefined ? {} : { site }),
  };
}

function textOfBody(body: Static<typeof SavedBody>, nowMs: number): ExceptionText {
  if (body.never === true && body.expires !== undefined)
    throw new RuleExceptionError(
      'exception_invalid',
      'Cannot take an exception: "expires" and "never" exclude each other',
    );
  const untilMs = body.expires === undefined ? nowMs + exceptionLimits.defaultMs : Date.parse(body.expires);
  return {
    ...whatOf(body),
    name: body.name,
    reason: body.reason,
    ...(body.never === true ? {} : { untilMs }),
  };
}

function askedOf(body: Static<typeof SavedBody>, text: ExceptionText, by: Principal) {
  return {
    text,
    accepted: (body.accept ?? []).filter(isWarning),
    by,
    ...(body.trial === undefined ? {} : { trialId: body.trial }),
  };
}
