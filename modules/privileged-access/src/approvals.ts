import type { Parts } from './parts.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import type { PrivilegeRequest } from './request.ts';

export function yesesOf({ decisions }: Pick<PrivilegeRequest, 'decisions'>): number {
  return decisions.filter(({ kind }) => kind === 'approve').length;
}

/** Approvals of people who could not give them any more count for nothing. */
export async function voidApprovals(
  { people, who }: Pick<Parts, 'people' | 'who'>,
  settings: PrivilegeSettings,
  request: PrivilegeRequest,
): Promise<readonly string[]> {
  const approvals = request.decisions.filter(({ kind }) => kind === 'approve');
  const found = await Promise.all(approvals.map(({ personId }) => people.find(personId)));
  return approvals
    .filter((_one, index) => {
      const person = found[index];
      return person === undefined || !who.mayDecide(settings, request, person);
    })
    .map(({ personId }) => personId);
}
