import type { Principal } from '@sallyport/platform/http';
import { createAsking } from './ask.ts';
import type { Asking } from './ask.ts';
import { createBreakGlass } from './break-glass.ts';
import type { BreakGlass } from './break-glass.ts';
import { createCodesHolding } from './codes-holding.ts';
import { createDeciding } from './decide.ts';
import type { Deciding } from './decide.ts';
import { PrivilegeError } from './errors.ts';
import { createEnding } from './ending.ts';
import { createGrants } from './grants.ts';
import type { HeldBy, TemporaryRole } from './grants.ts';
import { createHolding } from './holding.ts';
import type { DoneWithGrant, Holder, PersonRisk, PrivilegeNeeds } from './needs.ts';
import { unknown } from './parts.ts';
import type { Parts } from './parts.ts';
import { privilegeEntityEvent } from './privilege-audit.ts';
import { checkSettings, readSettings, writeSettings } from './privilege-settings.ts';
import type { PrivilegeSettings, StoredSettings } from './privilege-settings.ts';
import { grantedRoleOf, isReviewOverdue, needsReview, stateAt } from './request.ts';
import type { PrivilegeRequest, PrivilegeState } from './request.ts';
import { createRequestStore } from './request-store.ts';
import { createRoll } from './roll.ts';
import { createReviewing } from './review.ts';
import type { Reviewing } from './review.ts';
import type { SeparationViolation } from './separation.ts';
import { createUsing } from './use.ts';
import type { Using } from './use.ts';
import { createWhoDecides, rolesAnywhereOf } from './who-decides.ts';

export type PrivilegeView = 'mine' | 'inbox' | 'all';

/** A request as one person sees it. */
export type ShownRequest = {
  readonly request: PrivilegeRequest;
  readonly state: PrivilegeState;
  readonly leftSeconds: number;
  readonly mayDecide: boolean;
  readonly needsReview: boolean;
  readonly isReviewOverdue: boolean;
};

/** Before somebody decides: who asks, and what became of what they asked for before. */
export type RequestContext = {
  readonly requester: Holder | undefined;
  readonly risk: PersonRisk | undefined;
  readonly earlier: readonly PrivilegeRequest[];
  /** People who may approve it. With fewer than it needs it cannot be approved. */
  readonly approvers: readonly string[];
};

/** Somebody who holds a role, by themselves or for now: the population of an access review. */
export type Holding = {
  readonly personId: string;
  readonly name: string;
  readonly role: string;
  /** At this site alone, and for these actions alone. */
  readonly site?: string;
  readonly actions?: readonly string[];
  readonly through: 'own' | 'grant' | 'break-glass';
  readonly grantId?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
};

export type Privileges = Asking &
  Deciding &
  Using &
  Pick<Reviewing, 'review' | 'overdue'> & {
    readonly breakGlass: BreakGlass;
    /** For whoever says which roles somebody has: from memory, at once. */
    rolesOf(by: HeldBy): readonly TemporaryRole[];
    /** With any session of theirs: for whoever tells them of something. */
    heldBy(userId: string): readonly TemporaryRole[];
    list(asked: { readonly view: PrivilegeView; readonly by: Principal }): Promise<readonly ShownRequest[]>;
    /** Throws `privilege_not_found` for whoever has no business with it, too. */
    get(id: string, by: Principal): Promise<ShownRequest>;
    context(shown: ShownRequest): Promise<RequestContext>;
    report(shown: ShownRequest): Promise<DoneWithGrant>;
    settings(): Promise<StoredSettings>;
    changeSettings(asked: {
      readonly revision: number;
      readonly settings: PrivilegeSettings;
      readonly by: Principal;
    }): Promise<StoredSettings>;
    /** Throws `privilege_separated` when nobody may hold these roles together; for whoever gives people roles. */
    refuseTogether(
      person: { readonly id: string | undefined; readonly name: string },
      roles: readonly string[],
    ): Promise<void>;
    /** People who hold now what nobody may hold together. */
    violations(): Promise<readonly { readonly person: Holder; readonly violation: SeparationViolation }[]>;
    holdings(): AsyncIterable<Holding>;
    /** Grants in use, of everybody. */
    active(): readonly ShownRequest[];
    leftSeconds(id: string): number;
    /** Ends what may not go on, from every few seconds on. Never rejects. */
    sweep(): Promise<void>;
    /** Says what is overdue, once a day each. Never rejects. */
    remind(): Promise<void>;
  };

export async function createPrivileges(needs: PrivilegeNeeds): Promise<Privileges> {
  const { database, clock, separation } = needs;
  const roll = createRoll(needs);
  const codesRoll = createRoll({ ...needs, mark: needs.codesMark }, 'codes');
  const store = createRequestStore(needs, roll);
  const outbox: PrivilegeNeeds['outbox'] = {
    record: (transaction, event) => needs.outbox.record(transaction, event),
    // Whatever was changed is kept outside before anybody is told that it was.
    async flushed() {
      await roll.settle();
      await codesRoll.settle();
      await needs.outbox.flushed();
    },
  };
  const grants = createGrants(needs);
  const who = createWhoDecides(needs);
  const parts: Parts = {
    ...needs,
    outbox,
    store,
    roll,
    codesRoll,
    grants,
    who,
    settings: async () => (await readSettings(database)).settings,
    settingsIn: async (transaction) => (await readSettings(transaction)).settings,
  };
  const ending = createEnding(parts);
  const using = createUsing(parts, ending);
  const holding = createHolding(parts, ending);
  const reviewing = createReviewing(parts);
  const breakGlass = createBreakGlass(parts);
  const codesHolding = createCodesHolding(parts);
  await codesHolding.resume();
  await holding.resume();

  const shownTo = (
    request: PrivilegeRequest,
    person: Holder | undefined,
    settings: PrivilegeSettings,
  ): ShownRequest => {
    const nowMs = clock.nowMs();
    return {
      request,
      state: stateAt(request, nowMs),
      leftSeconds: Math.ceil(grants.leftMs(request.id) / 1000),
      mayDecide: person !== undefined && who.mayDecide(settings, request, person),
      needsReview: request.state === 'ended' && needsReview(request),
      isReviewOverdue: isReviewOverdue(request, nowMs),
    };
  };

  let sweeping: Promise<void> | undefined;
  const quietly = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      needs.onTrouble(what, error);
    }
  };

  return {
    ...createAsking(parts),
    ...createDeciding(parts),
    takeUp: (asked) => using.takeUp(asked),
    end: (asked) => using.end(asked),
    review: (asked) => reviewing.review(asked),
    overdue: () => reviewing.overdue(),
    breakGlass,
    rolesOf: (by) => grants.rolesOf(by),
    heldBy: (userId) => grants.heldBy(userId),

    async list({ view, by }) {
      const [settings, person] = await Promise.all([
        parts.settings(),
        by.kind === 'user' ? needs.people.find(by.id) : undefined,
      ]);
      if (view === 'mine') {
        const own = by.kind === 'user' ? await store.list(database, { requesterId: by.id }) : [];
        return own.map((request) => shownTo(request, person, settings));
      }
      if (view === 'all') {
        const all = by.scopes.includes('users:read') ? await store.list(database, { limit: 500 }) : [];
        return all.map((request) => shownTo(request, person, settings));
      }
      // What waits for this person: decisions, and what is to be reviewed.
      // What is over and looked at waits for nobody: it is not read.
      const open = await store.list(database, { states: ['pending', 'approved', 'active'], limit: 1000 });
      const ended = await store.list(database, { wantsReview: true, limit: 1000 });
      return [...open, ...ended]
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs)
        .map((request) => shownTo(request, person, settings))
        .filter(
          ({ state, mayDecide, needsReview: isWanted, request }) =>
            mayDecide &&
            (state === 'active' ||
              isWanted ||
              (state === 'pending' && !request.decisions.some(({ personId }) => personId === by.id))),
        );
    },

    async get(id, by) {
      const request = await store.find(database, id);
      if (request === undefined) throw unknown(id);
      const [settings, person] = await Promise.all([
        parts.settings(),
        by.kind === 'user' ? needs.people.find(by.id) : undefined,
      ]);
      const shown = shownTo(request, person, settings);
      const isTheirs = by.kind === 'user' && by.id === request.requesterId;
      if (!isTheirs && !shown.mayDecide && !by.scopes.includes('users:read')) throw unknown(id);
      return shown;
    },

    async context({ request }) {
      const [settings, people, earlier] = await Promise.all([
        parts.settings(),
        needs.people.list(),
        store.list(database, { requesterId: request.requesterId, limit: 20 }),
      ]);
      const requester = people.find(({ id }) => id === request.requesterId);
      return {
        requester,
        risk: requester === undefined ? undefined : needs.risk(requester),
        earlier: earlier.filter(({ id }) => id !== request.id),
        approvers: people.filter((person) => who.mayDecide(settings, request, person)).map(({ name }) => name),
      };
    },

    report: ({ request }) => reviewing.report(request),
    settings: () => readSettings(database),

    async changeSettings({ revision, settings, by }) {
      const roles = needs.policy.roles().map(({ id }) => id);
      checkSettings(settings, { roles, dangerousOf: (role) => who.dangerousOf(role), bundled: separation });
      const before = await parts.settings();
      await database.transaction().execute(async (transaction) => {
        await writeSettings(transaction, revision, settings);
        await outbox.record(
          transaction,
          privilegeEntityEvent({
            nowMs: clock.nowMs(),
            by,
            action: 'privilege.rules',
            target: { type: 'privilege-rules', id: String(revision + 1), name: 'rules of privileged access' },
            details: { settings: JSON.stringify(settings), before: JSON.stringify(before) },
          }),
        );
      });
      await outbox.flushed();
      return readSettings(database);
    },

    async refuseTogether({ id, name }, roles) {
      const accounts = await breakGlass.list();
      if (roles.length > 0 && accounts.some((account) => account.userId === id && account.retiredAtMs === undefined))
        throw new PrivilegeError(
          'privilege_separated',
          `Cannot give "${name}" a role: a break-glass account holds none until it is opened`,
        );
      const heldNow = id === undefined ? [] : grants.rolesBeside({ requesterId: id });
      const [broken] = who.violations(await parts.settings(), roles.length === 0 ? [] : [...roles, ...heldNow]);
      if (broken === undefined) return;
      throw new PrivilegeError(
        'privilege_separated',
        `Cannot give "${name}" these roles: nobody may hold "${broken.one}" and "${broken.other}" together (${broken.rule.name})`,
        { details: { rule: broken.rule.id } },
      );
    },

    async violations() {
      const [settings, people] = await Promise.all([parts.settings(), needs.people.list()]);
      return people.flatMap((person) => {
        const held = grants.list().filter(({ requesterId, kind }) => requesterId === person.id && kind === 'request');
        const roles = [...rolesAnywhereOf(person), ...held.map(({ role }) => role)];
        return who.violations(settings, roles).map((violation) => ({ person, violation }));
      });
    },

    async *holdings() {
      for (const { id, name, roles, siteRoles = [] } of await needs.people.list()) {
        for (const role of roles) yield { personId: id, name, role, through: 'own' };
        for (const { role, site } of siteRoles) yield { personId: id, name, role, site, through: 'own' };
      }
      for (const request of grants.list()) {
        const { id, requesterId, said, kind, startedAtMs } = request;
        yield {
          personId: requesterId,
          name: said.name,
          ...grantedRoleOf(request),
          through: kind === 'break-glass' ? 'break-glass' : 'grant',
          grantId: id,
          ...(startedAtMs === undefined ? {} : { sinceMs: startedAtMs }),
          untilMs: clock.nowMs() + grants.leftMs(id),
        };
      }
    },

    active: () =>
      grants.list().map((request) => ({
        request,
        state: 'active',
        leftSeconds: Math.ceil(grants.leftMs(request.id) / 1000),
        mayDecide: false,
        needsReview: false,
        isReviewOverdue: false,
      })),
    leftSeconds: (id) => Math.ceil(grants.leftMs(id) / 1000),

    sweep() {
      sweeping ??= quietly('end grants', () => holding.sweep())
        .then(() => quietly('look at sealed codes', () => codesHolding.sweep()))
        .finally(() => {
          sweeping = undefined;
        });
      return sweeping;
    },
    remind: () =>
      quietly('say what is overdue', async () => {
        await reviewing.remind();
        await breakGlass.remind();
      }),
  };
}
