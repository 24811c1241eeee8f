/** A role as people say it: `admin` is an Administrator. */
export function roleName(role: string): string {
  return role === 'admin' ? 'Administrator' : `${role.charAt(0).toUpperCase()}${role.slice(1)}`;
}
