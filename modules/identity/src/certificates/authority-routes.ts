import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { isoTime } from '../sessions/session-format.ts';
import { authorityLimits as limits, findings, type AuthoritySettings } from './authority.ts';
import type { ListedAuthority } from './certificate-authorities.ts';
import { refusalWords } from './certificate-check.ts';
import { CertificateFacts, certificateFacts } from './certificate-format.ts';
import { issuerIdOf, pemOf, type Certificate } from './certificate.ts';
import { endingOf, endingOfList, warningDays } from './ending.ts';
import { maxListBytes } from './revocation-list.ts';

const Time = Type.String({ format: 'date-time' });
const Maybe = <T extends Parameters<typeof Type.Array>[0]>(one: T) => Type.Union([one, Type.Null()]);
const closed = { additionalProperties: false } as const;
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const Pem = Type.String({ minLength: 1, maxLength: limits.pemCharacters });
const OnePem = Type.String({ minLength: 1, maxLength: 16_384, description: 'One certificate, as PEM' });
const Oids = (description: string) =>
  Type.Array(Type.String({ pattern: String.raw`^[0-9]+(\.[0-9]+){1,20}$`, maxLength: 100 }), {
    maxItems: limits.oids,
    uniqueItems: true,
    description,
  });

const settings = {
  name: Type.String({ minLength: 1, maxLength: 60, pattern: String.raw`^[^\u0000-\u001f\u007f]+$` }),
  enabled: Type.Boolean({ description: 'Its certificates are accepted, and the sign-in page offers it' }),
  purposes: Oids('Extended key usages: one of these must stand in a certificate'),
  policies: Oids('Certificate policies: one of these must hold; none is asked for when empty'),
  finds: Type.Enum([...findings], {
    description: 'Besides certificates that were bound: by the name in it (`upn`, `email`), exactly',
  }),
  domains: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
    maxItems: limits.domains,
    uniqueItems: true,
    description: 'By a name, only people of these domains; anybody when empty',
  }),
  names_administrators: Type.Boolean({ description: 'By a name, also people who decide what others may do' }),
  allows_binding: Type.Boolean({ description: 'People bind certificates of it to their own accounts' }),
  revocation: Type.Enum(['list', 'none'], {
    description: '`list`: no certificate is accepted without the list of what its issuer revoked',
  }),
  when_stale: Type.Enum(['refuse', 'accept'], {
    description: 'What becomes of certificates when the next list should be here and is not',
  }),
};
const { properties: optional } = Type.Partial(Type.Object(settings));

const EndingSaid = Maybe(
  Type.Enum(['soon', 'over'], { description: 'It ends within the days that are told before; it did' }),
);
const Issuer = Type.Object({
  subject: Type.String(),
  issuer: Type.String(),
  sha256: Type.String(),
  valid_from: Time,
  valid_to: Time,
  ending: EndingSaid,
  anchor: Type.Boolean({ description: 'Trusted for its own sake: no other of these issued it' }),
  list: Maybe(
    Type.Object({
      of: Time,
      next: Time,
      stale: Type.Boolean(),
      ending: EndingSaid,
      uploaded_at: Time,
      entries: Type.Integer(),
    }),
  ),
});
const Shown = Type.Object({
  id: Type.String(),
  ...settings,
  created_at: Time,
  people: Type.Integer({ description: 'Certificates of people, bound or used' }),
  certificates: Type.Array(Issuer),
  pem: Type.String(),
});

/** `/v1/certificate-authorities`: whose certificates people sign in with; and whose certificates are whose. */
export function createAuthorityRoutes(
  services: Pick<PeopleServices, 'certificateAuthorities' | 'certificateFlow' | 'personCertificates'>,
): RoutePlugin {
  const { certificateAuthorities: authorities, personCertificates: certificates, certificateFlow: flow } = services;
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['authentication'];
    const grave = { scope: 'settings:manage', stepUp: true } as const;

    app.get(
      '/v1/certificate-authorities',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'Authorities whose certificates people sign in with, and the lists of what they revoked',
          tags,
          response: {
            200: Type.Object({
              offered: Type.Boolean({ description: 'On the sign-in page, for whoever comes by this address' }),
              warning_days: Type.Object(
                { list: Type.Integer(), person: Type.Integer(), authority: Type.Integer() },
                { description: 'How long before it ends something is told; of a list at most its last quarter' },
              ),
              authorities: Type.Array(Shown),
            }),
          },
        },
      },
      async ({ client }) => ({
        offered: await flow.isOffered(client),
        warning_days: warningDays,
        authorities: (await authorities.list()).map(shown),
      }),
    );

    app.post(
      '/v1/certificate-authorities',
      {
        config: { ...grave, bodyLimitBytes: limits.pemCharacters * 2 },
        schema: {
          summary: 'Accept certificates of an authority; with all authorities between it and people’s certificates',
          tags,
          body: Type.Object({ ...optional, name: settings.name, pem: Pem }, closed),
          response: { 201: Shown },
        },
      },
      async ({ body, principal: by }, reply) => {
        const { pem, ...asked } = body;
        return reply.code(201).send(shown(await authorities.create({ settings: settingsOf(asked), pem, by })));
      },
    );

    app.patch(
      '/v1/certificate-authorities/:id',
      {
        config: { ...grave, bodyLimitBytes: limits.pemCharacters * 2 },
        schema: {
          summary: 'Change an authority. Switching it off or taking certificates from it ends the sessions it let in',
          tags,
          params,
          body: Type.Object({ ...optional, pem: Type.Optional(Pem) }, closed),
          response: { 200: Shown },
        },
      },
      async ({ params: { id }, body, principal: by }) => {
        const { pem, ...asked } = body;
        return shown(await authorities.change({ id, settings: settingsOf(asked), pem, by }));
      },
    );

    app.delete(
      '/v1/certificate-authorities/:id',
      {
        config: grave,
        schema: {
          summary: 'Remove an authority, with its lists, the certificates bound under it and the sessions it let in',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id }, principal: by }, reply) => {
        await authorities.remove({ id, by });
        return reply.code(204).send(null);
      },
    );

    app.put(
      '/v1/certificate-authorities/:id/revocations',
      {
        // Base64 of the largest file, and some room.
        config: { scope: 'settings:manage', bodyLimitBytes: Math.ceil((maxListBytes * 4) / 3) + 256 * 1024 },
        schema: {
          summary: 'Take a list of what an authority revoked (CRL), once its signature is found right; sessions end',
          tags,
          params,
          body: Type.Object(
            {
              list: Type.String({
                minLength: 1,
                maxLength: Math.ceil((maxListBytes * 4) / 3) + 128 * 1024,
                description: 'PEM, or base64 of DER',
              }),
            },
            closed,
          ),
          response: {
            200: Type.Object({
              issuer: Type.String(),
              entries: Type.Integer(),
              revoked_here: Type.Integer({ description: 'Certificates of people here that are on it' }),
              ended_sessions: Type.Integer(),
            }),
          },
        },
      },
      async ({ params: { id }, body, principal: by }) => {
        const { issuer, entries, revokedHere, endedSessions } = await authorities.takeList({ id, ...body, by });
        return { issuer, entries, revoked_here: revokedHere, ended_sessions: endedSessions };
      },
    );

    app.post(
      '/v1/certificate-authorities/check',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Whether a certificate would be accepted, and whose it is; changes nothing',
          tags,
          body: Type.Object({ certificate: OnePem }, closed),
          response: {
            200: Type.Object({
              subject: Maybe(Type.String()),
              accepted: Type.Boolean(),
              refused_because: Maybe(Type.String()),
              authorities: Type.Array(Type.String()),
              upns: Type.Array(Type.String()),
              emails: Type.Array(Type.String()),
              user: Maybe(Type.Object({ id: Type.String(), name: Type.String() })),
              nobody_because: Maybe(Type.String()),
            }),
          },
        },
      },
      async ({ body }) => {
        const {
          certificate,
          refusal,
          authorities: names,
          person,
          nobody,
        } = await authorities.foresee(body.certificate);
        return {
          subject: certificate?.shownSubject ?? null,
          accepted: refusal === undefined,
          refused_because: refusal === undefined ? null : refusalWords[refusal],
          authorities: [...names],
          upns: [...(certificate?.names.upns ?? [])],
          emails: [...(certificate?.names.emails ?? [])],
          user: person ?? null,
          nobody_because: nobody ?? null,
        };
      },
    );

    const ofPerson = ['people'];
    app.get(
      '/v1/users/:id/certificates',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Somebody’s certificates',
          tags: ofPerson,
          params,
          response: {
            200: Type.Object({
              certificates: Type.Array(
                Type.Interface([CertificateFacts], { id: Type.String(), label: Type.String(), created_at: Time }),
              ),
            }),
          },
        },
      },
      async ({ params: { id } }) => ({
        certificates: (await certificates.listOf(id)).map((one) => ({
          id: one.id,
          label: one.label,
          created_at: isoTime(one.createdAtMs),
          ...certificateFacts(one),
        })),
      }),
    );

    app.post(
      '/v1/users/:id/certificates',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary:
            'Bind a certificate to somebody, as whoever hands out cards does; only for who may do all that they may',
          tags: ofPerson,
          params,
          body: Type.Object(
            {
              certificate: OnePem,
              label: Type.String({
                minLength: 1,
                maxLength: 64,
                pattern: String.raw`^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$`,
              }),
            },
            closed,
          ),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id: userId }, body, principal: by }, reply) => {
        await certificates.bindFor({ userId, pem: body.certificate, label: body.label, by });
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/v1/users/:id/certificates/:certificate',
      {
        config: { scope: 'users:manage', stepUp: true },
        schema: {
          summary: 'Take a certificate from somebody, with the sessions it let in',
          tags: ofPerson,
          params: Type.Object({ ...params.properties, certificate: params.properties.id }),
          response: { 204: Type.Null() },
        },
      },
      async ({ params: { id: userId, certificate: id }, principal: by }, reply) => {
        await certificates.removeFor({ userId, id, by });
        return reply.code(204).send(null);
      },
    );
  };
}

type Asked = Partial<Static<ReturnType<typeof asObject>>>;
function asObject() {
  return Type.Object(settings);
}

/** What is not named stays as it is. */
function settingsOf(asked: Asked): Partial<AuthoritySettings> {
  const given = {
    name: asked.name,
    isEnabled: asked.enabled,
    purposes: asked.purposes,
    policies: asked.policies,
    finds: asked.finds,
    domains: asked.domains,
    namesAdministrators: asked.names_administrators,
    allowsBinding: asked.allows_binding,
    revocation: asked.revocation,
    whenStale: asked.when_stale,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function shown(authority: ListedAuthority): Static<typeof Shown> {
  const { settings: own, anchors } = authority;
  return {
    id: authority.id,
    name: own.name,
    enabled: own.isEnabled,
    purposes: [...own.purposes],
    policies: [...own.policies],
    finds: own.finds,
    domains: [...own.domains],
    names_administrators: own.namesAdministrators,
    allows_binding: own.allowsBinding,
    revocation: own.revocation,
    when_stale: own.whenStale,
    created_at: isoTime(authority.createdAtMs),
    people: authority.people,
    certificates: authority.certificates.map((one) => issuerOf(one, authority, anchors.includes(one))),
    pem: authority.certificates.map(pemOf).join(''),
  };
}

function issuerOf(one: Certificate, { lists, nowMs }: ListedAuthority, anchor: boolean): Static<typeof Issuer> {
  const list = lists.find(({ issuerId }) => issuerId === issuerIdOf(one));
  return {
    subject: one.shownSubject,
    issuer: one.shownIssuer,
    sha256: one.thumbprint,
    valid_from: isoTime(one.validFromMs),
    valid_to: isoTime(one.validToMs),
    ending: endingOf(one.validToMs, 'authority', nowMs) ?? null,
    anchor,
    list:
      list === undefined
        ? null
        : {
            of: isoTime(list.thisUpdateMs),
            next: isoTime(list.nextUpdateMs),
            stale: list.nextUpdateMs < nowMs,
            ending: endingOfList(list, nowMs) ?? null,
            uploaded_at: isoTime(list.uploadedAtMs),
            entries: list.entries,
          },
  };
}
