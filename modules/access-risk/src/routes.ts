import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { AccessRisk } from './access-risk.ts';
import { AccessRiskError } from './errors.ts';
import { countryName } from './geo/country-places.ts';
import type { Geo, GeoStatus } from './geo/geo.ts';
import { geoKinds } from './geo/geo-store.ts';
import { addSettingsRoutes } from './settings-routes.ts';
import type { SignIn } from './state.ts';
import type { PersonOverview, ShownRisk } from './view.ts';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });
const Kind = Type.Enum(['user', 'key', 'service']);
const Risk = Type.Object({
  value: Type.Integer({ description: '0 to 100' }),
  reasons: Type.Array(
    Type.Object({
      signal: Type.String(),
      words: Type.String(),
      points: Type.Integer({ description: 'What it adds now; it fades evenly' }),
      at: Time,
      until: Type.Integer({ description: 'Milliseconds since 1970; from then on it adds nothing' }),
      session: Type.Optional(Type.String({ description: 'It is about this session alone' })),
    }),
  ),
});
const overview = {
  kind: Kind,
  id: Type.String(),
  name: Type.String(),
  last_seen: Time,
  risk: Risk,
  sessions: Type.Array(Type.Object({ id: Type.String(), risk: Risk }), { description: 'Those with any risk' }),
};
const ShownSignIn = Type.Object({
  id: Type.String({ description: 'LOG-INDEX of its record' }),
  at: Time,
  session: Type.String(),
  address: Type.String(),
  country: Type.Union([Type.String(), Type.Null()], { description: 'ISO 3166-1' }),
  country_name: Type.Union([Type.String(), Type.Null()]),
  city: Type.Union([Type.String(), Type.Null()]),
  browser: Type.String(),
  methods: Type.Array(Type.String()),
  risk: Type.Integer({ description: '0 to 100, when it happened' }),
  words: Type.Array(Type.String(), { description: 'What was odd about it' }),
  ended: Type.Union([Type.String(), Type.Null()], { description: 'Why its session was ended for them' }),
  answer: Type.Union([Type.Enum(['me', 'not-me']), Type.Null()]),
});
const Person = Type.Object({
  ...overview,
  sign_ins: Type.Array(ShownSignIn, { description: 'The newest 12, newest first' }),
  known: Type.Object({
    browsers: Type.Array(Type.String()),
    countries: Type.Array(Type.String()),
    networks: Type.Array(Type.String()),
  }),
  against: Type.Object(
    { failures: Type.Integer(), sources: Type.Integer() },
    { description: 'What strangers tried in the last day; it adds nothing to the risk' },
  ),
});
const ShownGeo = Type.Object({
  kind: Type.Enum([...geoKinds]),
  origin: Type.Enum(['bundled', 'imported', 'missing']),
  type: Type.Union([Type.String(), Type.Null()], { description: 'As the file calls itself' }),
  built_at: Type.Union([Time, Type.Null()]),
  bytes: Type.Union([Type.Integer(), Type.Null()], { description: 'Held in memory, all of it' }),
  sha256: Type.Union([Type.String(), Type.Null()], { description: 'Of an imported one' }),
  imported_at: Type.Union([Time, Type.Null()]),
});

/** `/v1/access-risk`, `/v1/account/sign-ins`, `/v1/geo`. */
export function createAccessRiskRoutes({ risk, geo }: { readonly risk: AccessRisk; readonly geo: Geo }): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['access risk'];
    addSettingsRoutes(fastify, risk);

    app.get(
      '/v1/access-risk',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'People, keys and services by risk of how they come and go, highest first, with reasons in words',
          tags,
          querystring: Type.Object(
            {
              limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
              after: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 }),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ people: Type.Array(Type.Object(overview)), total: Type.Integer() }) },
        },
      },
      async (request) => {
        const { people, total } = risk.overview(request.query);
        return { people: people.map(shownPerson), total };
      },
    );

    app.get(
      '/v1/access-risk/:kind/:id',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'One of them: risk, recent sign-ins, what is known of them, and what strangers try against them',
          tags,
          params: Type.Object({ kind: Kind, id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: { 200: Person },
        },
      },
      async (request, reply) => {
        const person = risk.person(request.params.kind, request.params.id);
        if (person === undefined)
          throw new AccessRiskError('risk_unknown', 'Cannot tell anything: they never came in, or are gone');
        const { known, against } = person;
        return reply.send({
          ...shownPerson(person),
          sign_ins: person.signIns.map(shownSignIn),
          known: { browsers: [...known.browsers], countries: [...known.countries], networks: [...known.networks] },
          against: { ...against },
        });
      },
    );

    app.get(
      '/v1/account/sign-ins',
      {
        config: { scope: 'sessions:own' },
        schema: {
          summary: 'Where and with what you signed in lately, newest first',
          tags,
          response: {
            200: Type.Object({
              sign_ins: Type.Array(ShownSignIn),
              must_change_password: Type.Boolean({ description: 'Nothing else is allowed before' }),
            }),
          },
        },
      },
      async ({ principal }) => ({
        sign_ins: principal.kind === 'user' ? risk.signInsOf(principal.id).map(shownSignIn) : [],
        // Of a token of theirs it says what that was made for.
        must_change_password: principal.limitedTo !== undefined && principal.tokenId === undefined,
      }),
    );

    app.post(
      '/v1/account/sign-ins/:id/answer',
      {
        config: { scope: 'sessions:own', stepUp: true },
        schema: {
          summary: 'This was me; or not me: all your other sessions end and you choose a new password',
          tags,
          params: Type.Object({ id: Type.String({ pattern: '^\\d{1,9}-\\d{1,15}$' }) }),
          body: Type.Object({ answer: Type.Enum(['me', 'not-me']) }, { additionalProperties: false }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { answer } = request.body;
        await risk.answer({ by: request.principal, signIn: request.params.id, answer });
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/v1/geo',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'Which databases say where addresses are',
          tags,
          response: { 200: Type.Object({ databases: Type.Array(ShownGeo) }) },
        },
      },
      async () => ({ databases: geo.status().map(shownGeo) }),
    );

    app.post(
      '/v1/geo',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Take a database of places or networks from a file on the machine of the server; its operator alone',
          tags,
          body: Type.Object(
            { file: Type.String({ minLength: 1, maxLength: 4096, pattern: '^/', description: 'Absolute path' }) },
            { additionalProperties: false },
          ),
          response: { 200: ShownGeo },
        },
      },
      async (request) => {
        // A path of the server's machine says nothing to anybody else, and must not tell them what is there.
        if (request.principal.kind !== 'operator')
          throw new AccessRiskError(
            'geo_operator_only',
            'Cannot read files of this machine for you: must be its operator',
            {
              hint: 'on the machine of the server: sallyport geo import FILE',
            },
          );
        return shownGeo(await geo.load({ file: request.body.file, by: request.principal }));
      },
    );

    app.delete(
      '/v1/geo/:kind',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Remove an imported database',
          tags,
          params: Type.Object({ kind: Type.Enum([...geoKinds]) }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await geo.unload({ kind: request.params.kind, by: request.principal });
        return reply.code(204).send(null);
      },
    );
  };
}

function shownPerson({ kind, id, name, lastSeenMs, risk, sessions }: PersonOverview) {
  return {
    kind,
    id,
    name,
    last_seen: lastSeenMs,
    risk: shownRisk(risk),
    sessions: sessions.map((one) => ({ id: one.id, risk: shownRisk(one.risk) })),
  };
}

function shownRisk({ value, reasons }: ShownRisk) {
  return {
    value,
    reasons: reasons.map(({ atMs, untilMs, ...reason }) => ({ ...reason, at: atMs, until: untilMs })),
  };
}

function shownSignIn(signIn: SignIn) {
  const { id, atMs, session, address, country, city, browser, methods, risk, words, ended, answer } = signIn;
  return {
    id,
    at: atMs,
    session,
    address,
    country: country ?? null,
    country_name: country === undefined ? null : countryName(country),
    city: city ?? null,
    browser,
    methods: [...methods],
    risk,
    words: [...words],
    ended: ended ?? null,
    answer: answer ?? null,
  };
}

function shownGeo({ kind, origin, facts, sha256, importedAtMs }: GeoStatus) {
  return {
    kind,
    origin,
    type: facts?.type ?? null,
    built_at: facts?.builtAtMs ?? null,
    bytes: facts?.bytes ?? null,
    sha256: sha256 ?? null,
    imported_at: importedAtMs ?? null,
  };
}
