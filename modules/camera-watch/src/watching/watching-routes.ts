import { tamperKinds } from '@sallyport/object-detection';
import { typedApp } from '@sallyport/platform/http';
import type { Reach, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { cameraById } from '../cameras/camera-by-id.ts';
import { CameraWatchError } from '../errors.ts';
import type { MomentFilter } from './moment-store.ts';
import { momentStates } from './moment.ts';
import type { SeenMoment } from './moment.ts';
import { PlanChange, planDocument, planOf, ShownPlan } from './plan-schema.ts';
import type { Watching } from './watching.ts';
import { momentBody, MomentBody } from './watching-schema.ts';

const cameraId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const momentIdPattern = '^[0-9a-f]{12}-[0-9a-f]{12}$';
const momentId = Type.String({ pattern: momentIdPattern });

/** Zones of cameras, and the queue of moments worth a look. */
export function createWatchingRoutes(
  watching: Pick<Watching, 'plan' | 'changePlan' | 'acceptView' | 'moments' | 'findMoment' | 'see' | 'siteOf'>,
): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/cameras/:id/zones',
      {
        config: { scope: 'cameras:read', resource: cameraById },
        schema: {
          summary: 'What matters in the picture of a camera, and when',
          tags: ['cameras'],
          params: Type.Object({ id: cameraId }),
          response: { 200: ShownPlan },
        },
      },
      async ({ params }) => {
        const { plan, revision } = watching.plan(params.id);
        return { ...planDocument(plan), revision };
      },
    );

    app.put(
      '/v1/cameras/:id/zones',
      {
        config: { scope: 'cameras:manage', resource: cameraById },
        schema: {
          summary: 'Draw the zones of a camera anew',
          tags: ['cameras'],
          params: Type.Object({ id: cameraId }),
          body: PlanChange,
          response: { 200: ShownPlan },
        },
      },
      async ({ params, body, principal }) => {
        const before = watching.plan(params.id).plan;
        const { plan, revision } = await watching.changePlan({
          cameraId: params.id,
          plan: planOf(body, before),
          revision: body.revision,
          actor: principal,
        });
        return { ...planDocument(plan), revision };
      },
    );

    app.post(
      '/v1/cameras/:id/view',
      {
        config: { scope: 'cameras:manage', stepUp: true, resource: cameraById },
        schema: {
          summary: 'What the camera shows now is its view: it was moved on purpose, and learns what is usual anew',
          tags: ['cameras'],
          params: Type.Object({ id: cameraId }),
          body: Type.Object(
            {
              tampered: Type.Optional(
                Type.Enum([...tamperKinds], { description: 'What was told of it when its author looked' }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ ended: Type.Optional(Type.Enum([...tamperKinds])) }) },
        },
      },
      async ({ params, body, principal }) => {
        const { tampered } = body;
        const ended = await watching.acceptView({ cameraId: params.id, tampered, actor: principal });
        return ended === undefined ? {} : { ended };
      },
    );

    app.get(
      '/v1/cameras/moments',
      {
        config: { scope: 'cameras:read', narrowed: true },
        schema: {
          summary: 'Moments worth a look, newest first',
          tags: ['cameras'],
          querystring: Type.Object(
            {
              state: Type.Optional(Type.Enum([...momentStates])),
              camera: Type.Optional(cameraId),
              before: Type.Optional(
                Type.String({ pattern: momentIdPattern, description: '`next` of the page before' }),
              ),
              limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ moments: Type.Array(MomentBody), next: Type.Optional(Type.String()) }) },
        },
      },
      async ({ query, reach }) => {
        const { state, camera, before, limit = 50 } = query;
        const filter = { state, cameraId: camera, before, limit };
        const { found, next } = await coveredMoments(watching, filter, isShownTo(reach));
        return { moments: found.map(momentBody), ...(next === undefined ? {} : { next }) };
      },
    );

    app.post(
      '/v1/cameras/moments/:id/seen',
      {
        config: { scope: 'cameras:read', narrowed: true },
        schema: {
          summary: 'Take a moment off the queue',
          tags: ['cameras'],
          params: Type.Object({ id: momentId }),
          response: { 200: MomentBody },
        },
      },
      async ({ params, principal, reach }) => {
        const moment = await watching.findMoment(params.id);
        if (moment !== undefined && !isShownTo(reach)(moment))
          throw new CameraWatchError('moment_unknown', `Cannot find moment "${params.id}"`);
        return momentBody(await watching.see({ id: params.id, actor: principal }));
      },
    );

    function isShownTo(reach: Reach): (moment: SeenMoment) => boolean {
      return ({ cameraId: id }) => reach.covers({ kind: 'camera', id, site: watching.siteOf(id) });
    }
  };
}

/** Pages looked through at most, for somebody whose cameras are few among many. */
const maxPages = 20;

async function coveredMoments(
  watching: Pick<Watching, 'moments'>,
  filter: MomentFilter,
  isShown: (moment: SeenMoment) => boolean,
): Promise<{ readonly found: readonly SeenMoment[]; readonly next: string | undefined }> {
  const found: SeenMoment[] = [];
  let { before } = filter;
  for (let page = 0; page < maxPages; page += 1) {
    const read = await watching.moments({ ...filter, before });
    for (const moment of read) {
      before = moment.id;
      if (isShown(moment)) found.push(moment);
      if (found.length === filter.limit) return { found, next: before };
    }
    if (read.length < filter.limit) return { found, next: undefined };
  }
  return { found, next: before };
}
