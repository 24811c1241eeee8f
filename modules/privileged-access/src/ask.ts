import { readSiteName } from '@sallyport/access-policy';
import type { Client, Principal } from '@sallyport/platform/http';
import { PrivilegeError } from './errors.ts';
import type { Holder } from './needs.ts';
import type { Parts } from './parts.ts';
import { anyPerson, inWrongState, personOnly, unknown } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { privilegeEvent } from './privilege-audit.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import { dayMs, isExpired, privilegeLimits } from './request.ts';
import type { Part, PrivilegeRequest } from './request.ts';
import type { RoleForSomebody } from './who-decides.ts';

export type Asked = {
  readonly by: Principal;
  readonly client: Client;
  readonly role: string;
  /** At this site alone. */
  readonly site?: string;
  /** These of its actions alone. */
  readonly actions?: readonly string[];
  readonly minutes: number;
  readonly reason: string;
};

/** Asking for a role for a time, and taking the question back. */
export type Asking = {
  /** What somebody may ask for, everywhere or at a site, with what each would bring there. Throws `privilege_invalid`. */
  options(by: Principal, site?: string): Promise<readonly RoleForSomebody[]>;
  /** Throws `privilege_person_only`, `privilege_not_requestable`, `privilege_nothing_new`, `privilege_separated`, `privileges_exhausted`, `privilege_invalid`. */
  ask(asked: Asked): Promise<string>;
  /** Before it is taken up. Throws `privilege_not_found`, `privilege_over`. */
  withdraw(asked: { readonly id: string; readonly by: Principal }): Promise<void>;
};

export function createAsking(parts: Parts): Asking {
  const { database, outbox, clock, store, grants, who } = parts;

  async function asker(id: string): Promise<Holder> {
    const person = await parts.people.find(id);
    if (person?.isActive === true) return person;
    throw new PrivilegeError('privilege_person_only', 'Cannot ask for this: must be somebody with an account here');
  }

  function wanted(settings: PrivilegeSettings, person: Holder, { role, site, actions }: Part): RoleForSomebody {
    const heldNow = grants.rolesBeside({ requesterId: person.id });
    const rule = who.ruleOf(settings, role);
    if (rule === undefined || !who.mayAsk(rule, person, site))
      throw new PrivilegeError(
        'privilege_not_requestable',
        `Cannot ask for "${role}": nobody who is ${person.roles.join(', ') || 'without a role'} may`,
        { hint: 'GET /v1/privileges/options lists what you may ask for' },
      );
    const whole = who.bring(settings, person, rule, { site, actions: undefined, heldNow });
    const strange = actions?.find((action) => !whole.adds.includes(action));
    if (strange !== undefined)
      throw new PrivilegeError(
        'privilege_invalid',
        `Cannot ask for "${strange.slice(0, 60)}" by "${role}": must be one of ${whole.adds.join(', ') || 'nothing'}`,
      );
    return actions === undefined ? whole : who.bring(settings, person, rule, { site, actions, heldNow });
  }

  function refuseUnsound({ minutes, reason, role }: Asked, { rule, adds, violations }: RoleForSomebody): void {
    if (minutes > rule.maxMinutes)
      throw new PrivilegeError(
        'privilege_invalid',
        `Cannot ask for "${role}" for ${minutes} minutes: must be at most ${rule.maxMinutes}`,
      );
    if (requirePlain(reason, 'reason').length < 3)
      throw new PrivilegeError('privilege_invalid', 'Cannot take this reason: must be words');
    if (adds.length === 0)
      throw new PrivilegeError('privilege_nothing_new', `Cannot ask for "${role}": it brings nothing you do not have`);
    const [broken] = violations;
    if (broken !== undefined)
      throw new PrivilegeError(
        'privilege_separated',
        `Cannot ask for "${role}": nobody may hold "${broken.one}" and "${broken.other}" together (${broken.rule.name})`,
        { details: { rule: broken.rule.id } },
      );
  }

  return {
    async options(by, at) {
      const site = siteOf(at);
      if (by.kind !== 'user') return [];
      const [settings, person] = await Promise.all([parts.settings(), parts.people.find(by.id)]);
      if (person === undefined) return [];
      const heldNow = grants.rolesBeside({ requesterId: person.id });
      return settings.roles
        .filter((rule) => who.mayAsk(rule, person, site))
        .map((rule) => who.bring(settings, person, rule, { site, actions: undefined, heldNow }))
        .filter(({ adds }) => adds.length > 0);
    },

    async ask(asked) {
      const { by, client, role, minutes } = asked;
      const part: Part = { role, site: siteOf(asked.site), actions: actionsOf(asked.actions) };
      const { id: requesterId, sessionId } = personOnly(by);
      const [settings, person, session] = await Promise.all([
        parts.settings(),
        asker(requesterId),
        parts.session(sessionId),
      ]);
      const brought = wanted(settings, person, part);
      refuseUnsound(asked, brought);
      const risk = parts.risk(person);
      const nowMs = clock.nowMs();
      const device = by.browserKey;
      const id = Buffer.from(parts.random(12)).toString('hex');
      await database.transaction().execute(async (transaction) => {
        const open = await store.list(transaction, {
          states: ['pending', 'approved'],
          limit: privilegeLimits.open + 1,
        });
        const waiting = open.filter((one) => !isExpired(one, nowMs));
        const earlier = await store.list(transaction, { requesterId });
        refuseTooMany(waiting, earlier, requesterId, nowMs);
        const known = earlier.filter(({ startedAtMs }) => startedAtMs !== undefined);
        const request: PrivilegeRequest = {
          id,
          kind: 'request',
          state: 'pending',
          requesterId,
          ...part,
          minutes,
          needed: brought.needed,
          createdAtMs: nowMs,
          expiresAtMs: nowMs + privilegeLimits.waitMs,
          startedAtMs: undefined,
          spentMs: 0,
          endedAtMs: undefined,
          endedBecause: undefined,
          sessionId,
          device,
          reviewDueMs: undefined,
          said: {
            name: person.name,
            reason: requirePlain(asked.reason, 'reason'),
            address: client.address,
            agent: client.agent,
            signedInAtMs: session?.signedInAtMs ?? nowMs,
            assurance: session?.assurance ?? by.assurance ?? 1,
            isNewDevice: !known.some((one) => device !== undefined && one.device === device),
            risk: risk === undefined ? undefined : riskShown(risk),
            riskReasons: risk?.reasons.slice(0, 10) ?? [],
            adds: brought.adds,
            dangerous: brought.dangerous,
            unusual: [],
          },
          decisions: [],
        };
        await store.insert(transaction, request);
        await store.forgetOldest(transaction);
        await outbox.record(
          transaction,
          privilegeEvent({
            nowMs,
            by: actorOf(person),
            action: 'privilege.request',
            request,
            details: {
              address: client.address,
              needed: request.needed,
              adds: [...brought.adds],
              device: device ?? null,
            },
          }),
        );
      });
      await outbox.flushed();
      return id;
    },

    async withdraw({ id, by }) {
      const personId = anyPerson(by);
      await database.transaction().execute(async (transaction) => {
        const request = await store.current(transaction, id);
        if (request === undefined || request.requesterId !== personId) throw unknown(id);
        if (request.state !== 'pending' && request.state !== 'approved') throw inWrongState(request, 'withdraw');
        const nowMs = clock.nowMs();
        await store.update(transaction, { ...request, state: 'withdrawn', endedAtMs: nowMs });
        await outbox.record(transaction, privilegeEvent({ nowMs, by, action: 'privilege.withdraw', request }));
      });
      await outbox.flushed();
    },
  };
}

/** Throws `privilege_invalid`. */
function siteOf(text: string | undefined): string | undefined {
  const site = text === undefined ? undefined : readSiteName(text);
  if (text === undefined || site !== undefined) return site;
  throw new PrivilegeError(
    'privilege_invalid',
    `Cannot use ${JSON.stringify(text.slice(0, 60))} as a site: must be 1 to 60 printable characters`,
  );
}

/** Throws `privilege_invalid`. */
function actionsOf(actions: readonly string[] | undefined): readonly string[] | undefined {
  if (actions?.length === 0)
    throw new PrivilegeError('privilege_invalid', 'Cannot ask for no action at all: must be one, or the whole role');
  return actions === undefined ? undefined : [...new Set(actions)];
}

function riskShown({ value, isFresh }: { readonly value: number; readonly isFresh: boolean }): number {
  return isFresh ? value : 100;
}

function actorOf({ id, name }: Holder): { kind: string; id: string; name: string } {
  return { kind: 'user', id, name };
}

function refuseTooMany(
  waiting: readonly PrivilegeRequest[],
  earlier: readonly PrivilegeRequest[],
  requesterId: string,
  nowMs: number,
): void {
  const refuse = (why: string): never => {
    throw new PrivilegeError('privileges_exhausted', `Cannot ask for more now: ${why}`);
  };
  const own = waiting.filter((one) => one.requesterId === requesterId).length;
  if (own >= privilegeLimits.openPerPerson) refuse(`${own} of your requests are open, withdraw one`);
  const today = earlier.filter(({ createdAtMs }) => nowMs - createdAtMs < dayMs).length;
  if (today >= privilegeLimits.perPersonAndDay) refuse(`you asked ${today} times in the last day`);
  if (waiting.length >= privilegeLimits.open) refuse(`${waiting.length} requests are open, must be fewer`);
}
