import type { AccessPolicy } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';

const maxNameLength = 64;

/** As people write it, without space around. Throws `user_name_invalid`. */
export function parseUserName(text: string): string {
  const name = text.normalize('NFC').trim();
  if (name !== '' && name.length <= maxNameLength && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return name;
  throw new IdentityError(
    'user_name_invalid',
    `Cannot use ${JSON.stringify(text.slice(0, maxNameLength))} as a name: must be 1 to ${maxNameLength} printable characters`,
  );
}

/**
 * Known roles, each once, none of which may do anything `by` may not: whoever could hand out more could hand it to
 * themselves. Throws `role_unknown`, `role_grant_widened`.
 */
export function parseRoles(
  roles: readonly string[],
  by: Principal,
  policy: AccessPolicy,
  { mayBeNone = false }: { readonly mayBeNone?: boolean } = {},
): string[] {
  const known = new Set(policy.roles().map(({ id }) => id));
  const unknown = roles.find((role) => !known.has(role));
  if (unknown !== undefined || (roles.length === 0 && !mayBeNone))
    throw new IdentityError(
      'role_unknown',
      `Cannot give role "${(unknown ?? '').slice(0, 100)}": must be one of ${[...known].join(', ')}`,
    );
  const own = policy.permissionsOf(by);
  const given = policy.permissionsOf({ kind: 'user', id: 'somebody', name: '', scopes: [], roles, assurance: 3 });
  const missing = given.find((action) => !own.includes(action));
  if (missing !== undefined)
    throw new IdentityError(
      'role_grant_widened',
      `Cannot give roles ${roles.join(', ')}: ${by.kind} "${by.id}" must itself be allowed "${missing}"`,
    );
  return [...new Set(roles)];
}
