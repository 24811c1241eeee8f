import { isRole } from '@sallyport/access-policy';
import type { PolicyTexts } from '@sallyport/access-policy';
import { PolicyLibraryError } from './errors.ts';
import type { Subject } from './policy-impact.ts';
import type { Tried } from './policy-tasks.ts';
import { ownRolesIn } from './second-person.ts';

/** Throws unless everything was understood and every test holds. `version` is undefined while there is none yet. */
export function refuseTried({ faults, results, standing }: Tried, version: number | undefined): void {
  const what = version === undefined ? 'the policies' : `version ${version}`;
  const [fault] = faults;
  if (fault !== undefined)
    throw new PolicyLibraryError(
      'policy_refused',
      `Cannot use ${what}: ${fault.file}, line ${fault.line}, column ${fault.column}: ${fault.message}`,
      { details: { file: fault.file, line: fault.line, column: fault.column } },
    );
  const broken = standing.find(({ passed }) => !passed);
  if (broken !== undefined)
    throw new PolicyLibraryError(
      broken.name.includes('still manage') ? 'policy_locks_out' : 'policy_tests_failed',
      `Cannot use ${what}: "${broken.name}" does not hold: ${broken.reason}`,
    );
  for (const { name, tests } of results) {
    const failed = tests.find(({ passed }) => !passed);
    if (failed === undefined) continue;
    throw new PolicyLibraryError(
      'policy_tests_failed',
      `Cannot use ${what}: test "${failed.name}" of "${name}" expects ${failed.expect}, and comes to ${failed.got}: ${failed.reason}`,
    );
  }
}

/** Whoever holds a role that nothing makes is denied everything: it is taken from them first. */
export function refuseHeldRoles(texts: PolicyTexts, subjects: readonly Subject[], version: number): void {
  const own = ownRolesIn(texts);
  for (const { name, roles = [], siteRoles = [] } of subjects) {
    const lost = [...roles, ...siteRoles.map(({ role }) => role)].find((role) => !isRole(role) && !own.has(role));
    if (lost === undefined) continue;
    throw new PolicyLibraryError(
      'policy_refused',
      `Cannot use version ${version}: role "${lost}" would be gone, and ${name} holds it`,
      { hint: 'take the role from everybody who holds it first' },
    );
  }
}
