import { AgentGuardError } from '../errors.ts';
import type { OwnTried } from './own-tasks.ts';

/** Throws unless everything was understood and every test holds. `version` is undefined while there is none yet. */
export function refuseTried({ faults, results, standing }: OwnTried, version: number | undefined): void {
  const what = version === undefined ? 'the policies' : `version ${version}`;
  const [fault] = faults;
  if (fault !== undefined)
    throw new AgentGuardError(
      'agent_policy_refused',
      `Cannot use ${what}: "${fault.document}", line ${fault.line}, column ${fault.column}: ${fault.message}`,
      { details: { document: fault.document, line: fault.line, column: fault.column } },
    );
  const broken = standing.find(({ passed }) => !passed);
  if (broken !== undefined)
    throw new AgentGuardError(
      'agent_policy_tests_failed',
      `Cannot use ${what}: "${broken.name}" does not hold: ${broken.reason}`,
    );
  for (const { name, tests } of results) {
    const failed = tests.find(({ passed }) => !passed);
    if (failed !== undefined)
      throw new AgentGuardError(
        'agent_policy_tests_failed',
        `Cannot use ${what}: test "${failed.name}" of "${name}" expects ${failed.expect}, and comes to ${failed.got}: ${failed.reason}`,
      );
  }
}
