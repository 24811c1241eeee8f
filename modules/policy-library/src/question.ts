import type { AccessRequest } from '@sallyport/access-policy';
import { Type } from 'typebox';
import type { Static } from 'typebox';

const name = Type.String({ minLength: 1, maxLength: 200 });
const names = (maxItems: number) => Type.Array(name, { maxItems });

/** Somebody made up, or put together from what is known of somebody: whom a question is about. */
export const PrincipalBody = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('user'),
      Type.Literal('key'),
      Type.Literal('service'),
      Type.Literal('operator'),
      Type.Literal('device'),
      Type.Literal('agent'),
    ]),
    id: Type.Optional(name),
    name: Type.Optional(name),
    roles: Type.Optional(names(50)),
    site_roles: Type.Optional(
      Type.Array(Type.Object({ role: name, site: name }, { additionalProperties: false }), { maxItems: 200 }),
    ),
    assurance: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)])),
    scopes: Type.Optional(names(100)),
    sites: Type.Optional(names(200)),
  },
  { additionalProperties: false },
);

export const ResourceBody = Type.Object(
  {
    kind: Type.Union([Type.Literal('server'), Type.Literal('site'), Type.Literal('camera'), Type.Literal('device')]),
    id: Type.Optional(name),
    site: Type.Optional(name),
  },
  { additionalProperties: false },
);

export const FactsBody = Type.Object(
  {
    channel: Type.Optional(Type.Union([Type.Literal('network'), Type.Literal('socket')])),
    proof_age_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    risk: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, description: 'How much they are at risk; 0 where left out' }),
    ),
    address: Type.Optional(Type.String({ minLength: 2, maxLength: 60 })),
    hour: Type.Optional(Type.Integer({ minimum: 0, maximum: 23 })),
    weekday: Type.Optional(Type.Integer({ minimum: 1, maximum: 7 })),
  },
  { additionalProperties: false },
);

/** May they do this, to that, as things are? What is left out is as it mostly is. */
export const QuestionBody = {
  principal: PrincipalBody,
  action: Type.String({ minLength: 1, maxLength: 60 }),
  resource: Type.Optional(ResourceBody),
  facts: Type.Optional(FactsBody),
};

const QuestionObject = Type.Object(QuestionBody);
export type Question = Static<typeof QuestionObject>;

/** The question as access is decided. Somebody with a second factor, without risk, from this machine, at noon of a Wednesday. */
export function requestOf({ principal, action, resource, facts = {} }: Question): AccessRequest {
  const { kind, id, name: called, roles, site_roles: siteRoles, assurance, scopes, sites } = principal;
  return {
    principal: {
      kind,
      id: id ?? 'somebody',
      name: called ?? id ?? 'somebody',
      scopes: scopes ?? [],
      ...(kind === 'user' ? { assurance: assurance ?? 2, roles: roles ?? [] } : {}),
      ...(siteRoles === undefined ? {} : { siteRoles }),
      ...(sites === undefined ? {} : { sites }),
    },
    action,
    ...(resource === undefined ? {} : { resource: resourceOf(resource) }),
    risk: { value: facts.risk ?? 0, isFresh: true },
    context: {
      channel: facts.channel ?? (kind === 'operator' ? 'socket' : 'network'),
      ...(facts.proof_age_seconds === undefined ? {} : { proofAgeSeconds: facts.proof_age_seconds }),
      address: facts.address ?? '127.0.0.1',
      localTime: () => ({ hour: facts.hour ?? 12, weekday: facts.weekday ?? 3 }),
    },
  };
}

function resourceOf({
  kind,
  id = '',
  site,
}: NonNullable<Question['resource']>): NonNullable<AccessRequest['resource']> {
  switch (kind) {
    case 'server':
      return { kind };
    case 'site':
      return { kind, id };
    case 'camera':
    case 'device':
      return { kind, id, ...(site === undefined ? {} : { site }) };
  }
}
