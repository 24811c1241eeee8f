import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { PrivilegeError } from './errors.ts';
import type { Grants } from './grants.ts';
import type { Holder, PersonRisk, PrivilegeNeeds } from './needs.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import type { PrivilegeRequest } from './request.ts';
import type { RequestStore } from './request-store.ts';
import type { Roll } from './roll.ts';
import type { WhoDecides } from './who-decides.ts';

/** What the parts of this module share. */
export type Parts = PrivilegeNeeds & {
  readonly store: RequestStore;
  readonly roll: Roll;
  /** Of accounts that sealed codes open. */
  readonly codesRoll: Roll;
  readonly grants: Grants;
  readonly who: WhoDecides;
  readonly settings: () => Promise<PrivilegeSettings>;
  readonly settingsIn: (transaction: Transaction) => Promise<PrivilegeSettings>;
};

/** Throws `privilege_person_only`: keys, services, the operator, and tokens without a session never ask or decide. */
export function personOnly(by: Principal): { readonly id: string; readonly sessionId: string } {
  if (by.kind === 'user' && by.sessionId !== undefined && by.tokenId === undefined)
    return { id: by.id, sessionId: by.sessionId };
  throw new PrivilegeError(
    'privilege_person_only',
    `Cannot do this with a ${by.kind === 'user' ? 'token' : by.kind}: must be a person, signed in with a session of their own`,
    { hint: 'in the console: People & access, Requests' },
  );
}

/** For what takes rights away only: a token of theirs does, a key does not. Throws `privilege_person_only`. */
export function anyPerson(by: Principal): string {
  if (by.kind === 'user') return by.id;
  throw new PrivilegeError('privilege_person_only', `Cannot do this with a ${by.kind}: must be a person`);
}

/** Throws `privilege_not_found`. */
export function unknown(id: string): PrivilegeError {
  return new PrivilegeError('privilege_not_found', `Cannot find request "${id.slice(0, 100)}": must be the id of one`);
}

/** Throws `privilege_over`. */
export function inWrongState(request: PrivilegeRequest, what: string): PrivilegeError {
  return new PrivilegeError('privilege_over', `Cannot ${what} request "${request.id}": it is ${request.state}`);
}

/** What is not known, or was told too long ago, counts as the greatest risk. */
export function riskValue(risk: PersonRisk | undefined): number {
  return risk === undefined || !risk.isFresh ? 100 : risk.value;
}

/** Throws `privilege_at_risk`. */
export function refuseAtRisk(
  parts: Pick<Parts, 'risk'>,
  settings: PrivilegeSettings,
  person: Holder,
  what: string,
): void {
  const value = riskValue(parts.risk(person));
  if (value < settings.endAtRisk) return;
  throw new PrivilegeError(
    'privilege_at_risk',
    `Cannot ${what} now: the risk of "${person.name}" is ${value} of 100, must be under ${settings.endAtRisk}`,
    { hint: 'GET /v1/risk tells why' },
  );
}
