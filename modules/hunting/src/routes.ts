import { formatPosition, parsePosition } from '@sallyport/contracts';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import { HuntingError } from './errors.ts';
import { huntLimits, isOver, totalOf, type Hunt, type HuntRule, type HuntRules } from './hunt.ts';
import type { HuntGroup } from './hunt-correlations.ts';
import type { Hunting } from './hunting.ts';

const time = { format: 'date-time' } as const;
const ShownHunt = Type.Object({
  id: Type.String(),
  state: Type.Enum(['waiting', 'running', 'done', 'cancelled', 'failed'], {
    description: 'waiting: for its turn, the store or live detection; it goes on by itself, also after a restart',
  }),
  reason: Type.Optional(Type.String({ description: 'Why it waits or failed' })),
  started: Type.String(time),
  ended: Type.Optional(Type.String(time)),
  by: Type.String({ description: 'Name of who started it' }),
  rules: Type.Enum(['named', 'all', 'typed']),
  q: Type.Optional(Type.String()),
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  time: Type.Optional(Type.Enum(['received', 'claimed'])),
  notes: Type.Array(Type.String(), { description: 'What is not hunted, and why' }),
  events: Type.Integer({ description: 'Events to look at; what came after the start is not among them' }),
  looked_at: Type.Integer({ description: 'Events looked at so far' }),
  bytes: Type.Integer({ description: 'Their bytes' }),
  percent: Type.Number(),
  left_ms: Type.Optional(Type.Integer({ description: 'About how long it will take yet, by its pace so far' })),
  candidates: Type.Integer({ description: 'Events that hold what any of the rules needs, and were evaluated' }),
  unscannable: Type.Integer({
    description: 'Of those, not evaluated or not to their end: too large, too deep, or no JSON',
  }),
  busy_ms: Type.Integer({ description: 'Time spent on it, waiting left out' }),
});
const ShownRule = Type.Object({
  id: Type.String(),
  title: Type.String(),
  level: Type.String(),
  kind: Type.Enum(['rule', 'correlation'], { description: 'A correlation matches with groups of events: see groups' }),
  matches: Type.Integer({ description: 'Exact, of what was looked at' }),
  kept: Type.Integer({ description: 'Of how many the place is kept: the first ones' }),
  first: Type.Optional(Type.String(time)),
  last: Type.Optional(Type.String(time)),
});
const ShownGroup = Type.Object({
  rule: Type.String({ description: 'Id of the correlation' }),
  at: Type.String({ ...time, description: 'End of the timespan; of a window that closed, its beginning' }),
  fields: Type.Array(Type.Object({ field: Type.String(), value: Type.String() }), {
    description: 'What its events have in common; empty when all of them were erased since',
  }),
  events: Type.Integer({ description: 'How many it rests on, 1,000 at most' }),
  positions: Type.Array(Type.String(), { description: 'LOG/INDEX of the newest of them, in order of time' }),
});
const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{24}$' }) });

/** `/v1/hunts`: rules over everything that is kept. */
export function createHuntingRoutes(hunting: Hunting): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['hunts'];
    app.post(
      '/v1/hunts',
      {
        config: { scope: 'hunts:run' },
        schema: {
          summary: 'Evaluate rules on everything that is kept: a job that goes on by itself',
          description: 'One of `rules`, `all` and `text`. Events are those the caller may see, as in a search.',
          tags,
          body: Type.Object(
            {
              rules: Type.Optional(
                Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
                  minItems: 1,
                  maxItems: huntLimits.rules,
                  description: 'Ids of rules in force; a correlation brings the rules it counts',
                }),
              ),
              all: Type.Optional(Type.Boolean({ description: 'Every rule in force' })),
              text: Type.Optional(
                Type.String({ minLength: 1, maxLength: 262_144, description: 'A Sigma rule, or several, as YAML' }),
              ),
              q: Type.Optional(
                Type.String({ maxLength: 8192, description: 'Only events that fit this query as well' }),
              ),
              from: Type.Optional(Type.String({ maxLength: 40, description: 'Start of the time range, included' })),
              to: Type.Optional(Type.String({ maxLength: 40, description: 'End of the time range, not included' })),
              time: Type.Optional(Type.Enum(['received', 'claimed'])),
            },
            { additionalProperties: false },
          ),
          response: { 202: ShownHunt },
        },
      },
      async ({ body, principal }, reply) => {
        const { q, from, to, time: which } = body;
        const filter = {
          ...(q !== undefined && { q }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
          ...(which !== undefined && { time: which }),
        };
        const hunt = await hunting.start({ rules: rulesOf(body), filter, by: principal });
        return reply.status(202).send(shown(hunt));
      },
    );
    app.get(
      '/v1/hunts',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'List hunts, newest first',
          tags,
          response: { 200: Type.Object({ hunts: Type.Array(ShownHunt) }) },
        },
      },
      async ({ principal }) => ({ hunts: (await hunting.list(principal)).map(shown) }),
    );
    app.get(
      '/v1/hunts/:id',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'How far a hunt is and how often each of its rules matched, those that matched most first',
          tags,
          params,
          response: { 200: Type.Object({ hunt: ShownHunt, rules: Type.Array(ShownRule) }) },
        },
      },
      async ({ params: { id }, principal }) => {
        const { hunt, rules } = await hunting.get(id, principal);
        return { hunt: shown(hunt), rules: rules.map(shownRule) };
      },
    );
    app.get(
      '/v1/hunts/:id/results',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'Where the events stand that a hunt found, in order of receipt',
          tags,
          params,
          querystring: Type.Object(
            {
              rule: Type.Optional(Type.String({ maxLength: 256 })),
              after: Type.Optional(Type.String({ maxLength: 40, description: 'next of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              matches: Type.Array(
                Type.Object({
                  position: Type.String({ description: 'LOG/INDEX; GET /v1/events/LOG/INDEX is the event' }),
                  received: Type.String(time),
                  rules: Type.Array(Type.String(), { description: 'Ids of the rules that match it' }),
                  proof: Type.String({ description: 'Where its proof is' }),
                }),
              ),
              next: Type.Optional(Type.String()),
            }),
          },
        },
      },
      async ({ params: { id }, query, principal }) => {
        const limit = query.limit ?? 100;
        const after = query.after === undefined ? undefined : parsePosition(query.after);
        if (query.after !== undefined && after === undefined)
          throw new HuntingError(
            'hunt_invalid',
            `Cannot list matches after "${query.after}": must be a position such as 1/42`,
          );
        // Whole events: one has at most as many matches as there are rules.
        const most = huntLimits.rules + limit + 1;
        const page = {
          limit: most,
          ...(query.rule !== undefined && { ruleId: query.rule }),
          ...(after !== undefined && { after }),
        };
        const found = await hunting.matches(id, page, principal);
        const groups = [...Map.groupBy(found, ({ position }) => formatPosition(position))];
        const whole = found.length < most ? groups : groups.slice(0, -1);
        const taken = whole.slice(0, limit);
        const isLast = taken.length === groups.length;
        const last = taken.at(-1)?.[0];
        return {
          matches: taken.map(([position, matches]) => ({
            position,
            received: iso(matches[0]?.receivedMs ?? 0),
            rules: matches.map(({ ruleId }) => ruleId),
            proof: `/v1/ledger/proof/${position}`,
          })),
          ...(!isLast && last !== undefined && { next: last }),
        };
      },
    );
    app.get(
      '/v1/hunts/:id/groups',
      {
        config: { scope: 'events:read' },
        schema: {
          summary: 'With which groups of events correlations of a hunt came true; there when all was looked at',
          tags,
          params,
          querystring: Type.Object(
            {
              rule: Type.Optional(Type.String({ maxLength: 256 })),
              after: Type.Optional(Type.Integer({ minimum: 0, description: 'next of the page before' })),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ groups: Type.Array(ShownGroup), next: Type.Optional(Type.Integer()) }) },
        },
      },
      async ({ params: { id }, query, principal }) => {
        const limit = query.limit ?? 50;
        const page = {
          limit: limit + 1,
          ...(query.rule !== undefined && { ruleId: query.rule }),
          ...(query.after !== undefined && { after: query.after }),
        };
        const found = await hunting.groups(id, page, principal);
        const last = found.length > limit ? found[limit - 1]?.ordinal : undefined;
        return { groups: found.slice(0, limit).map(shownGroup), ...(last !== undefined && { next: last }) };
      },
    );
    app.post(
      '/v1/hunts/:id/cancel',
      {
        config: { scope: 'hunts:run' },
        schema: {
          summary: 'End a hunt; what it found so far stays',
          tags,
          params,
          response: { 200: ShownHunt },
        },
      },
      async ({ params: { id }, principal }) => shown(await hunting.cancel(id, principal)),
    );
  };
}

function rulesOf(body: { rules?: string[]; all?: boolean; text?: string }): HuntRules {
  const given = [body.rules !== undefined, body.all === true, body.text !== undefined].filter(Boolean).length;
  if (given !== 1)
    throw new HuntingError(
      'hunt_invalid',
      `Cannot start a hunt: ${given} of "rules", "all" and "text" are given, must be one`,
    );
  if (body.rules !== undefined) return { kind: 'named', ids: body.rules };
  return body.text === undefined ? { kind: 'all' } : { kind: 'typed', text: body.text };
}

function shown(hunt: Hunt): Static<typeof ShownHunt> {
  const { q, from, to, time: which } = hunt.filter;
  const { rows } = totalOf(hunt);
  const share = hunt.state === 'done' || rows === 0 ? 1 : Math.min(1, hunt.lookedAt / rows);
  const leftMs = share > 0 && !isOver(hunt.state) ? Math.round((hunt.busyMs / share) * (1 - share)) : undefined;
  return {
    id: hunt.id,
    state: hunt.state,
    ...(hunt.reason !== undefined && { reason: hunt.reason }),
    started: iso(hunt.createdMs),
    ...(hunt.endedMs !== undefined && { ended: iso(hunt.endedMs) }),
    by: hunt.ownerName,
    rules: hunt.rulesKind,
    ...(q !== undefined && { q }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(which !== undefined && { time: which }),
    notes: [...hunt.left],
    events: rows,
    looked_at: hunt.lookedAt,
    bytes: hunt.bytes,
    percent: Math.floor(share * 1000) / 10,
    ...(leftMs !== undefined && { left_ms: leftMs }),
    candidates: hunt.candidates,
    unscannable: hunt.unscannable,
    busy_ms: hunt.busyMs,
  };
}

function shownRule({
  id,
  title,
  level,
  isCorrelation,
  matches,
  kept,
  firstMs,
  lastMs,
}: HuntRule): Static<typeof ShownRule> {
  return {
    id,
    title,
    level,
    kind: isCorrelation ? 'correlation' : 'rule',
    matches,
    kept,
    ...(firstMs !== undefined && { first: iso(firstMs) }),
    ...(lastMs !== undefined && { last: iso(lastMs) }),
  };
}

function shownGroup({ ruleId, atMs, fields, events, count }: HuntGroup): Static<typeof ShownGroup> {
  return {
    rule: ruleId,
    at: iso(atMs),
    fields: fields.map(({ field, value }) => ({ field, value })),
    events: count,
    positions: events.map(formatPosition),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
