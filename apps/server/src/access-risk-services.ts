import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { createAccessRisk, createAccessRiskRoutes, createGeo } from '@sallyport/access-risk';
import type { AccessRisk } from '@sallyport/access-risk';
import type { PeopleServices } from '@sallyport/identity';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { CommonNeeds, Custody } from './custody.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { signInNotice } from './sign-in-notice.ts';

export type AccessRiskServices = {
  readonly risk: AccessRisk;
  readonly routes: RoutePlugin;
};

/** How people, keys and services come and go, and what is done when it looks as if somebody else came. */
export async function createAccessRiskServices(
  needs: CommonNeeds &
    Pick<Custody, 'database' | 'ledger' | 'outbox'> & {
      readonly dataDirectory: string;
      /** Where a link leads that others follow; undefined where there is no address for others. */
      readonly publicOrigin: () => string | undefined;
      /** Asked when something is done to their sessions: they are made later, and ask for risk themselves. */
      readonly people: () => Pick<PeopleServices, 'sessions' | 'people' | 'notices'>;
    },
): Promise<AccessRiskServices> {
  const { ledger, log } = needs;
  const geo = await createGeo({ ...needs, directory: join(needs.dataDirectory, 'geo') });
  const risk = createAccessRisk({
    ...needs,
    sealingKey: createSecretKey(await secretKey(ledger.secrets, secretNames.accessRisk)),
    locate: geo.locate,
    reactions: {
      endSessions: ({ userId, ids, exceptId, beganBeforeMs, by, reason }) =>
        needs.people().sessions.endWhere(
          ids === undefined
            ? {
                userId,
                ...(exceptId === undefined ? {} : { exceptSessionId: exceptId }),
                ...(beganBeforeMs === undefined ? {} : { beganBeforeMs }),
              }
            : { sessionIds: ids },
          { by, reason },
        ),
      async requirePasswordChange(request) {
        await needs.people().people.requirePasswordChange(request);
      },
      async tell(request) {
        log.info('Somebody is told about their sign-ins', { user: request.userId, about: request.about });
        needs.people().notices.post({
          ...signInNotice(request, needs.publicOrigin()),
          onTrouble: (reason) =>
            log.warn('A message about their sign-ins did not go out', { user: request.userId, reason }),
        });
      },
    },
  });
  return { risk, routes: createAccessRiskRoutes({ risk, geo }) };
}
