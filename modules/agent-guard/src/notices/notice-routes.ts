import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { requirePerson } from '../approvals/who-answers.ts';
import { noticeScopes, type NoticeChoices } from './notice-choices.ts';
import type { Telling } from './telling.ts';

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
}: {
  readonly choices: NoticeChoices;
  readonly telling: Pick<Telling, 'reach'>;
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
  };
}
