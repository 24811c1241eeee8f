import type { AccessPolicy } from '@sallyport/access-policy';
import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Privileges } from './privileges.ts';
import {
  AskBody,
  DetailedRequest,
  Done,
  NoteBody,
  Option,
  ReviewBody,
  SettingsAnswer,
  SettingsBody,
  ShownRequestSchema,
  Standing,
  params,
} from './schema.ts';
import { bothByDesign, type SeparationRule } from './separation.ts';
import { detailedRequest, heldHere, settingsOf, shownRequest, shownSettings } from './shown.ts';

export type PrivilegeRouteNeeds = {
  readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'>;
  readonly separation: readonly SeparationRule[];
};

/** `/v1/privileges`: rights beyond one's own, asked for, approved, held for a time, and looked at afterwards. */
export function createPrivilegeRoutes(privileges: Privileges, needs: PrivilegeRouteNeeds): RoutePlugin {
  const roleName = (role: string): string => needs.policy.roles().find(({ id }) => id === role)?.name ?? role;
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['privileges'];
    const own = { scope: 'sessions:own' } as const;
    const proven = { scope: 'sessions:own', stepUp: true } as const;

    app.get(
      '/v1/privileges/options',
      {
        config: own,
        schema: {
          summary: 'What whoever asks may ask for, and what it would bring',
          tags,
          querystring: Type.Object(
            { site: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'At this site alone' })) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ options: Type.Array(Option) }) },
        },
      },
      async ({ principal, query: { site } }) => ({
        options: (await privileges.options(principal, site)).map(
          ({ role, rule, adds, dangerous, needed, violations }) => ({
            role,
            role_name: roleName(role),
            max_minutes: rule.maxMinutes,
            adds: [...adds],
            dangerous: [...dangerous],
            needed,
            refused_because: violations[0]?.rule.why ?? null,
            approved_by: [...rule.approvers],
          }),
        ),
      }),
    );

    app.get(
      '/v1/privileges/standing',
      {
        config: { ...own, background: true },
        schema: {
          summary: 'What whoever asks holds now, what waits for them, and what is open that should be shut',
          tags,
          response: { 200: Standing },
        },
      },
      async ({ principal }) => {
        const [mine, inbox] = await Promise.all([
          privileges.list({ view: 'mine', by: principal }),
          privileges.list({ view: 'inbox', by: principal }),
        ]);
        const isWarned = principal.scopes.includes('users:read');
        const opened = isWarned ? privileges.active().filter(({ request }) => request.kind === 'break-glass') : [];
        const accounts = isWarned ? await privileges.breakGlass.list() : [];
        return {
          active: heldHere(privileges, principal).map((one) => shownRequest(one, roleName)),
          ready: mine.filter(({ state }) => state === 'approved').map((one) => shownRequest(one, roleName)),
          waiting: inbox.filter(({ state }) => state === 'pending').length,
          reviews: inbox.filter(({ needsReview }) => needsReview).length,
          reviews_overdue: inbox.filter(({ isReviewOverdue }) => isReviewOverdue).length,
          break_glass: opened.map(({ request, leftSeconds }) => ({
            id: request.id,
            name: request.said.name,
            since: new Date(request.startedAtMs ?? 0).toISOString(),
            address: request.said.address,
            left_seconds: leftSeconds,
          })),
          break_glass_unsealed: accounts
            .filter(({ openedAtMs, retiredAtMs }) => openedAtMs !== undefined && retiredAtMs === undefined)
            .map(({ label }) => label),
        };
      },
    );

    app.get(
      '/v1/privileges/requests',
      {
        config: own,
        schema: {
          summary: 'Requests, the newest first: one’s own, those that wait for one, or with users:read all',
          tags,
          querystring: Type.Object(
            { view: Type.Optional(Type.Enum(['mine', 'inbox', 'all'], { description: 'Default mine' })) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ requests: Type.Array(ShownRequestSchema) }) },
        },
      },
      async ({ query: { view = 'mine' }, principal }) => ({
        requests: (await privileges.list({ view, by: principal })).map((one) => shownRequest(one, roleName)),
      }),
    );

    app.post(
      '/v1/privileges/requests',
      {
        config: own,
        schema: {
          summary: 'Ask for a role for a time, with a reason. It is for this browser and over after a day',
          tags,
          body: AskBody,
          response: { 201: ShownRequestSchema },
        },
      },
      async ({ body, principal, client }, reply) => {
        const id = await privileges.ask({ ...body, by: principal, client });
        return reply.code(201).send(shownRequest(await privileges.get(id, principal), roleName));
      },
    );

    app.get(
      '/v1/privileges/requests/:id',
      {
        config: own,
        schema: {
          summary:
            'One request with all that whoever decides should see: one’s own, those one may decide about, or with users:read any',
          tags,
          params,
          response: { 200: DetailedRequest },
        },
      },
      async ({ params: { id }, principal }) => {
        const shown = await privileges.get(id, principal);
        return detailedRequest(shown, await privileges.context(shown), roleName);
      },
    );

    const act = (
      name: string,
      summary: string,
      config: typeof own | typeof proven,
      work: (asked: {
        readonly id: string;
        readonly by: Parameters<Privileges['approve']>[0]['by'];
        readonly client: Parameters<Privileges['approve']>[0]['client'];
        readonly note: string;
      }) => Promise<void>,
    ): void => {
      app.post(
        `/v1/privileges/requests/:id/${name}`,
        { config, schema: { summary, tags, params, body: NoteBody, response: { 200: ShownRequestSchema } } },
        async ({ params: { id }, body, principal, client }) => {
          await work({ id, by: principal, client, note: body.note ?? '' });
          return shownRequest(await privileges.get(id, principal), roleName);
        },
      );
    };
    act(
      'approve',
      'Say yes to somebody else’s request; with a fresh proof, and not by key',
      proven,
      privileges.approve,
    );
    act('deny', 'Say no to somebody’s request', own, privileges.deny);
    act('withdraw', 'Take one’s own request back', own, privileges.withdraw);
    act(
      'take-up',
      'Begin what was approved, in the browser it was asked for in; with a fresh proof',
      proven,
      privileges.takeUp,
    );
    act('end', 'End a grant early: one’s own, one that one approved, or with users:manage any', own, privileges.end);

    app.post(
      '/v1/privileges/requests/:id/review',
      {
        config: proven,
        schema: {
          summary: 'Say whether what was done with a grant was proper; somebody else than who held it',
          tags,
          params,
          body: ReviewBody,
          response: { 200: ShownRequestSchema },
        },
      },
      async ({ params: { id }, body, principal, client }) => {
        await privileges.review({ id, ...body, by: principal, client });
        return shownRequest(await privileges.get(id, principal), roleName);
      },
    );

    app.get(
      '/v1/privileges/requests/:id/done',
      {
        config: own,
        schema: {
          summary: 'What was done with a grant: every event that carries its id, newest first',
          tags,
          params,
          response: { 200: Done },
        },
      },
      async ({ params: { id }, principal }) => {
        const { entries, hasMore } = await privileges.report(await privileges.get(id, principal));
        return {
          entries: entries.map(({ atMs, ...entry }) => ({ ...entry, at: new Date(atMs).toISOString() })),
          has_more: hasMore,
          search: `"${id}"`,
        };
      },
    );

    const answer = async () => {
      const roles = needs.policy.roles().map(({ id }) => id);
      const actionsOf = (role: string): readonly string[] =>
        needs.policy.permissionsOf({ kind: 'user', id: 'somebody', name: '', scopes: [], roles: [role], assurance: 3 });
      return {
        ...shownSettings(await privileges.settings()),
        separation_bundled: needs.separation.map((rule) => ({
          ...rule,
          one: [...rule.one],
          other: [...rule.other],
          by_design: bothByDesign(rule, roles, actionsOf),
        })),
      };
    };

    app.get(
      '/v1/privileges/rules',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Who may ask for what, and what nobody may hold together',
          tags,
          response: { 200: SettingsAnswer },
        },
      },
      answer,
    );

    app.put(
      '/v1/privileges/rules',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change who may ask for what, and what nobody may hold together',
          tags,
          body: SettingsBody,
          response: { 200: SettingsAnswer },
        },
      },
      async ({ body, principal }) => {
        await privileges.changeSettings({ revision: body.revision, settings: settingsOf(body), by: principal });
        return answer();
      },
    );

    app.get(
      '/v1/privileges/violations',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'People who hold now what nobody may hold together',
          tags,
          response: {
            200: Type.Object({
              violations: Type.Array(
                Type.Object({
                  person: Type.Object({ id: Type.String(), name: Type.String() }),
                  rule: Type.String(),
                  name: Type.String(),
                  why: Type.String(),
                  one: Type.String(),
                  other: Type.String(),
                }),
              ),
            }),
          },
        },
      },
      async () => ({
        violations: (await privileges.violations()).map(
          ({ person: { id, name }, violation: { rule, one, other } }) => ({
            person: { id, name },
            rule: rule.id,
            name: rule.name,
            why: rule.why,
            one,
            other,
          }),
        ),
      }),
    );
  };
}
