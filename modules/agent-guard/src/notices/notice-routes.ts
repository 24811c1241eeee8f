import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { requirePerson } from '../approvals/who-answers.ts';
import { noticeScopes, type NoticeChoices } from './notice-choices.ts';
import type { Telling } from './telling.ts';
import type { createTestNotice } from './test-notice.ts';

const Mail = Type.Enum([...noticeScopes], {
  description:
    '`none`; `own`: of questions about agents of one’s own and of service accounts one answers for; `all`: of all that one may answer',
});
const Own = Type.Object({
  mail: Type.Enum([...noticeScopes, 'organization'], { description: '`organization`: as the organisation says' }),
  organization: Mail,
  reach: Type.Enum(['ready', 'no-mail', 'no-address'], {
    description: 'Whether mail would reach them: `no-mail` where e-mail is not set up or off',
  }),
});

/** Who is sent mail about questions that wait: `/v1/agent/notices` of the organisation, `/v1/account/agent-notices` of oneself. */
export function createNoticeRoutes({
  choices,
  telling,
  tryOut,
}: {
  readonly choices: NoticeChoices;
  readonly telling: Pick<Telling, 'reach'>;
  readonly tryOut: ReturnType<typeof createTestNotice>;
}): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['agents'];
    const Organization = Type.Object({ mail: Mail });
    const own = async (userId: string) => ({
      mail: (await choices.own(userId)) ?? ('organization' as const),
      organization: await choices.organization(),
      reach: await telling.reach(userId),
    });

    app.get(
      '/v1/agent/notices',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'Whom the organisation sends mail about questions of agents that wait, where they chose nothing',
          tags,
          response: { 200: Organization },
        },
      },
      async () => ({ mail: await choices.organization() }),
    );

    app.put(
      '/v1/agent/notices',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change whom the organisation sends mail about questions of agents that wait',
          tags,
          body: Type.Object({ mail: Mail }, { additionalProperties: false }),
          response: { 200: Organization },
        },
      },
      async ({ body: { mail }, principal: by }) => {
        await choices.setOrganization({ mail, by });
        return { mail };
      },
    );

    app.get(
      '/v1/account/agent-notices',
      {
        config: { scope: 'sessions:own' },
        schema: {
          summary: 'Which questions of agents one gets mail about',
          tags,
          response: { 200: Own },
        },
      },
      async ({ principal }) => {
        requirePerson(principal);
        return own(principal.id);
      },
    );

    app.put(
      '/v1/account/agent-notices',
      {
        config: { scope: 'sessions:own' },
        schema: {
          summary: 'Choose which questions of agents one gets mail about',
          description:
            'Goes before what the organisation says. Mail holds nothing of what is asked, and answers nothing.',
          tags,
          body: Type.Object({ mail: Own.properties.mail }, { additionalProperties: false }),
          response: { 200: Own },
        },
      },
      async ({ body: { mail }, principal: by }) => {
        requirePerson(by);
        await choices.setOwn({ mail: mail === 'organization' ? undefined : mail, by });
        return own(by.id);
      },
    );

    app.post(
      '/v1/account/agent-notices/test',
      {
        config: { scope: 'sessions:own' },
        schema: {
          summary: 'Send oneself a message, to see whether mail about questions of agents arrives',
          tags,
          body: Type.Object({}, { additionalProperties: false }),
          response: {
            200: Type.Object({
              outcome: Type.Enum(['sent', 'no-mail', 'no-address', 'not-taken'], {
                description: '`not-taken`: the mail server did not take it; its log here says why',
              }),
              to: Type.Optional(Type.String({ description: 'The address, in part' })),
            }),
          },
        },
      },
      async ({ principal: by, signal }) => {
        requirePerson(by);
        const { kind: outcome, ...where } = await tryOut(by, signal);
        return { outcome, ...where };
      },
    );
  };
}
