import type { JsonObject } from '@sallyport/contracts';
import { Type, type Static } from 'typebox';
import { missingClaim } from './claims.ts';
import type { RefusalReason } from './arrivals.ts';
import type { Returned } from './sign-in-flow.ts';

export const TrialReply = Type.Object({
  provider: Type.Object({ id: Type.String(), name: Type.String() }),
  subject: Type.String(),
  claims: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
  name: Type.Union([Type.String(), Type.Null()]),
  groups: Type.Array(Type.Object({ group: Type.String(), roles: Type.Array(Type.String()) })),
  roles: Type.Array(Type.String()),
  assurance: Type.Integer(),
  person: Type.Object({ kind: Type.Enum(['known', 'made', 'refused']), name: Type.String(), words: Type.String() }),
  notes: Type.Array(Type.String()),
});

const maxClaims = 100;
const maxValue = 300;
const maxGroups = 200;

const refusals: Readonly<Record<RefusalReason, string>> = {
  claim_missing: 'They may not sign in: a claim that is required is missing or another',
  not_linked: 'They may not sign in: no account here is linked to theirs, and the provider makes none',
  name_missing: 'They may not sign in: the provider gives no name for an account',
  name_taken:
    'They may not sign in: somebody here has that name already. If it is the same person, they link it under Settings, Account',
  roles_separated: 'They may not sign in: their groups give roles that nobody may hold together with what they hold',
  may_not_sign_in: 'They may not sign in: their account here is disabled',
};

/** What a trial sign-in showed, for who sets the provider up. */
export function trialReply({
  provider,
  arrival,
  subject,
  claims,
}: Extract<Returned, { kind: 'trial' }>): Static<typeof TrialReply> {
  const { settings } = provider;
  const { person } = arrival;
  const missing = missingClaim(claims, settings);
  const notes: string[] = [];
  if (settings.groupsClaim !== undefined && arrival.groups.length === 0)
    notes.push(
      isOverage(claims)
        ? 'There are too many groups for the token: have the provider send only those assigned to this application'
        : `There is no claim "${settings.groupsClaim}": does the provider send groups to this application?`,
    );
  if (missing !== undefined) notes.push(`The claim "${missing.claim}" must have the value "${missing.value}"`);
  if (arrival.roles.length === 0)
    notes.push('No role comes with it: they could sign in and see nothing but their own account');
  return {
    provider: { id: provider.id, name: settings.name },
    subject,
    claims: Object.entries(claims)
      .slice(0, maxClaims)
      .map(([name, value]) => ({ name: name.slice(0, maxValue), value: textOfClaim(value) })),
    name: arrival.name ?? null,
    groups: arrival.groups.slice(0, maxGroups).map((group) => ({
      group,
      roles: [...(settings.groups.find((one) => one.group === group)?.roles ?? [])],
    })),
    roles: [...arrival.roles],
    assurance: arrival.assurance,
    person:
      person.kind === 'refused'
        ? { kind: 'refused', name: '', words: refusals[person.why] }
        : person.kind === 'made'
          ? { kind: 'made', name: person.name, words: 'A new account would be made for them' }
          : {
              kind: person.isDisabled ? 'refused' : 'known',
              name: person.name,
              words: person.isDisabled ? refusals.may_not_sign_in : 'They would come in as this person',
            },
    notes,
  };
}

/** Microsoft names where groups are to be asked for instead of sending them. */
function isOverage(claims: JsonObject): boolean {
  return claims['_claim_names'] !== undefined || claims['hasgroups'] === true;
}

function textOfClaim(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, maxValue);
}
