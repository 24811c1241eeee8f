import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { CameraWatchError } from '../errors.ts';
import { sendingCamera } from '../frames/socket-routes.ts';
import { maxOfferBytes } from './sdp-offer.ts';
import type { Whip } from './whip.ts';

const tags = ['cameras'];
const path = '/v1/cameras/whip';
const Session = Type.Object({ session: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }) });

/** `/v1/cameras/whip` (WHIP, RFC 9725): programs and pages that send by WebRTC. */
export function createWhipRoutes(whip: Whip): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);
    app.removeAllContentTypeParsers();
    for (const type of [/^application\/sdp(?:;|$)/i, /^application\/trickle-ice-sdpfrag(?:;|$)/i])
      app.addContentTypeParser(type, { parseAs: 'string' }, (_request, text, done) => done(null, text));

    app.post(
      path,
      {
        config: { scope: 'cameras:send', background: true, bodyLimitBytes: maxOfferBytes },
        schema: {
          summary: 'WHIP: a device offers to send by WebRTC; ends the session it had',
          tags,
          consumes: ['application/sdp'],
          body: Type.String({ description: 'Offer in SDP: one video, at most one audio' }),
          response: {
            201: { content: { 'application/sdp': { schema: Type.String({ description: 'Answer in SDP' }) } } },
          },
        },
      },
      async (request, reply) => {
        const cameraId = sendingCamera(request);
        const { sessionId, answer } = await whip.open({ cameraId, offer: request.body, host: hostOf(request) });
        return reply
          .code(201)
          .headers({ location: `${path}/${sessionId}`, 'content-type': 'application/sdp' })
          .send(answer);
      },
    );

    app.delete(
      `${path}/:session`,
      {
        config: { scope: 'cameras:send', background: true },
        schema: { summary: 'WHIP: a device ends its session', tags, params: Session, response: { 200: Type.Null() } },
      },
      async (request, reply) => {
        whip.end(sendingCamera(request), request.params.session);
        return reply.code(200).send(null);
      },
    );

    app.patch(
      `${path}/:session`,
      {
        config: { scope: 'cameras:send', background: true, bodyLimitBytes: maxOfferBytes },
        schema: {
          summary: 'WHIP: neither trickle ICE nor ICE restarts; always 501',
          tags,
          consumes: ['application/trickle-ice-sdpfrag'],
          params: Session,
          response: { 204: Type.Null() },
        },
      },
      async () => {
        // RFC 9725 section 4.3.1.
        throw new CameraWatchError('whip_patch_unsupported', 'Cannot change the session: there is nothing to be told', {
          hint: 'the addresses of the answer are all there are, and its sender is known by its first packet',
        });
      },
    );

    // RFC 9725 section 4.2: whoever asks is told what is taken here. To a page of another origin nothing is allowed by it.
    app.route({
      method: 'OPTIONS',
      url: path,
      config: { public: true },
      schema: { hide: true },
      handler: async (_request, reply) =>
        reply.code(200).headers({ allow: 'OPTIONS, POST', 'accept-post': 'application/sdp' }).send(),
    });

    // The same section keeps them for later versions.
    for (const url of [path, `${path}/:session`]) {
      app.route({
        method: url === path ? ['GET', 'PUT', 'PATCH', 'DELETE'] : ['GET', 'PUT', 'POST'],
        url,
        config: { scope: 'cameras:send', background: true },
        schema: { hide: true },
        handler: async (_request, reply) => {
          reply.header('allow', url === path ? 'OPTIONS, POST' : 'DELETE, PATCH');
          throw new CameraWatchError('whip_method_unknown', 'Cannot do this: WHIP has no such method here');
        },
      });
    }
  };
}

/** The address of this machine that the request came to: the sender reaches it, so it reaches that. */
function hostOf({ socket }: { readonly socket: { readonly localAddress?: string | undefined } }): string {
  const { localAddress } = socket;
  if (localAddress === undefined) throw new CameraWatchError('webrtc_failed', 'Cannot tell where media is to be sent');
  return localAddress.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
