import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { AccessRisk } from './access-risk.ts';
import { RiskSettingsBody } from './risk-settings.ts';

const Count = Type.Object({ now: Type.Integer(), after: Type.Integer() });
const Preview = Type.Object({
  people: Type.Integer(),
  sign_ins: Type.Integer({ description: 'Of the last 30 days, the newest 12 of each person' }),
  told: Count,
  stronger: Count,
  ended: Count,
  affected: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      more: Type.Integer({
        description: 'Sign-ins and sessions of theirs that something more would have been done about',
      }),
      fewer: Type.Integer(),
      words: Type.Array(Type.String()),
    }),
  ),
  affected_people: Type.Integer(),
});

/** `/v1/settings/access-risk`: from which risk on what happens, and whom another setting would have concerned. */
export function addSettingsRoutes(fastify: Parameters<RoutePlugin>[0], risk: AccessRisk): void {
  const app = typedApp(fastify);
  const tags = ['access risk'];
  app.get(
    '/v1/settings/access-risk',
    {
      config: { scope: 'settings:read' },
      schema: { summary: 'From which risk on what happens', tags, response: { 200: RiskSettingsBody } },
    },
    async () => ({ ...risk.settings() }),
  );
  app.post(
    '/v1/settings/access-risk/preview',
    {
      config: { scope: 'settings:manage' },
      schema: {
        summary: 'Whom other settings would have concerned in the last 30 days; nothing changes',
        tags,
        body: RiskSettingsBody,
        response: { 200: Preview },
      },
    },
    async ({ body }) => {
      const { signIns, affectedPeople, affected, ...rest } = risk.preview(body);
      return {
        ...rest,
        sign_ins: signIns,
        affected_people: affectedPeople,
        affected: affected.map((one) => ({ ...one, words: [...one.words] })),
      };
    },
  );
  app.put(
    '/v1/settings/access-risk',
    {
      config: { scope: 'settings:manage', stepUp: true },
      schema: {
        summary: 'Set from which risk on what happens',
        tags,
        body: RiskSettingsBody,
        response: { 200: RiskSettingsBody },
      },
    },
    async ({ body, principal }) => ({ ...(await risk.changeSettings({ to: body, by: principal })) }),
  );
}
