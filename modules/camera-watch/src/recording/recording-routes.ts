import type { Readable } from 'node:stream';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { cameraById } from '../cameras/camera-by-id.ts';
import { CameraWatchError } from '../errors.ts';
import type { Recording } from './recording.ts';
import { RecordingStatusBody, RetentionBody, TimelineBody } from './timeline-schema.ts';

const tags = ['cameras'];
const cameraPattern = '^[A-Za-z0-9_-]{1,64}$';
const sha256Pattern = '^[0-9a-f]{64}$';
const maxMoment = 8_640_000_000_000_000;
const maxTimelineMs = 8 * 24 * 60 * 60 * 1000;
const maxClipMs = 60 * 60 * 1000;
const maxPieceBytes = 4 * 1024 * 1024;

const Camera = Type.Object({ id: Type.String({ pattern: cameraPattern }) });
const Moment = Type.Integer({ minimum: 0, maximum: maxMoment, description: 'Milliseconds since 1970' });
const bytes = (type: string, description: string) => ({
  200: {
    description,
    content: { [type]: { schema: Type.Unsafe<Uint8Array | Readable>({ type: 'string', format: 'binary' }) } },
  },
});

/** Timeline, segments, pictures, clips, late segments of devices, retention. */
export function createRecordingRoutes(recording: Recording): RoutePlugin {
  return async (fastify) => {
    // A piece of a segment as it is; for this plugin's routes alone.
    fastify.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    const app = typedApp(fastify);

    app.get(
      '/v1/cameras/:id/timeline',
      {
        config: { scope: 'cameras:read', resource: cameraById },
        schema: {
          summary: 'What was recorded in a time, what was not and why, and what stood out',
          tags,
          params: Camera,
          querystring: Type.Object({ from_ms: Moment, to_ms: Moment }, { additionalProperties: false }),
          response: { 200: TimelineBody },
        },
      },
      async (request) => {
        const { from_ms: fromMs, to_ms: toMs } = request.query;
        checkSpan(fromMs, toMs, maxTimelineMs);
        return recording.timeline(request.params.id, fromMs, toMs);
      },
    );

    app.get(
      '/v1/cameras/:id/segments/:start_ms',
      {
        config: { scope: 'cameras:read', resource: cameraById },
        schema: {
          summary: 'One recorded segment, opened, as SPSEG1',
          tags,
          params: Type.Object({ id: Type.String({ pattern: cameraPattern }), start_ms: Moment }),
          response: bytes('application/octet-stream', 'SPSEG1: pictures and sound of some seconds'),
        },
      },
      async (request, reply) => {
        const { id, start_ms: startMs } = request.params;
        const segment = await recording.segment(id, startMs);
        // Kept by no browser (the edge says so): what retention deletes here would lie there, open to its next user.
        return reply.type('application/octet-stream').send(segment);
      },
    );

    app.get(
      '/v1/pictures/:sha256',
      {
        config: { scope: 'cameras:read' },
        schema: {
          summary: 'A picture that was kept with what stood out',
          tags,
          params: Type.Object({ sha256: Type.String({ pattern: sha256Pattern }) }),
          response: bytes('image/jpeg', 'A JPEG as the camera sent it'),
        },
      },
      async (request, reply) => {
        const picture = await recording.picture(request.params.sha256);
        return reply.type('image/jpeg').send(picture);
      },
    );

    app.post(
      '/v1/cameras/:id/clips',
      {
        config: { scope: 'cameras:export', stepUp: true, resource: cameraById, endsByItself: true },
        schema: {
          summary: 'Export a time as one HTML file that plays and verifies itself offline',
          tags,
          params: Camera,
          body: Type.Object(
            { from_ms: Moment, to_ms: Moment, reason: Type.String({ minLength: 1, maxLength: 500 }) },
            { additionalProperties: false },
          ),
          response: bytes('text/html', 'The clip'),
        },
      },
      async (request, reply) => {
        const { from_ms: fromMs, to_ms: toMs, reason } = request.body;
        checkSpan(fromMs, toMs, maxClipMs);
        const camera = request.params.id;
        const clip = await recording.exportClip({ camera, fromMs, toMs, reason, actor: request.principal });
        return reply
          .headers({
            'content-disposition': `attachment; filename="${clip.fileName}"`,
            'content-length': clip.bytes,
            'cache-control': 'no-store',
            // Opened here and not from a disk, it would be a page of this server.
            'content-security-policy': 'sandbox',
          })
          .type('text/html; charset=utf-8')
          .send(clip.stream);
      },
    );

    app.post(
      '/v1/cameras/segments',
      {
        config: { scope: 'cameras:send', bodyLimitBytes: maxPieceBytes },
        schema: {
          summary: 'Send a piece of a segment that the camera recorded itself; the answer says where to go on',
          tags,
          consumes: ['application/octet-stream'],
          querystring: Type.Object(
            {
              started_ms: Moment,
              ended_ms: Moment,
              plain_sha256: Type.String({ pattern: sha256Pattern }),
              signature: Type.String({
                pattern: '^[A-Za-z0-9_-]{86}$',
                description: 'The device’s proof with the purpose `segment`, over the statement of the segment',
              }),
              bytes: Type.Integer({
                minimum: 1,
                maximum: Number.MAX_SAFE_INTEGER,
                description: 'Of the whole segment',
              }),
              offset: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              state: Type.Union([
                Type.Literal('partial'),
                Type.Literal('kept'),
                Type.Literal('covered'),
                Type.Literal('expired'),
              ]),
              received_bytes: Type.Optional(Type.Integer({ description: 'With `partial`: the next offset' })),
            }),
          },
        },
      },
      async (request) => {
        const { query, body, principal } = request;
        const answer = await recording.takeLate({
          camera: principal.id,
          startedMs: query.started_ms,
          endedMs: query.ended_ms,
          plainSha256: query.plain_sha256,
          signature: query.signature,
          host: new URL(request.client.origin).host,
          bytes: query.bytes,
          offset: query.offset ?? 0,
          piece: body instanceof Uint8Array ? body : new Uint8Array(),
        });
        return answer.state === 'partial'
          ? { state: answer.state, received_bytes: answer.receivedBytes }
          : { state: answer.state };
      },
    );

    app.get(
      '/v1/recordings',
      {
        config: { scope: 'cameras:read' },
        schema: {
          summary: 'What recordings take, how long they are kept, and whether there is room',
          tags,
          response: { 200: RecordingStatusBody },
        },
      },
      async () => recording.status(),
    );

    app.put(
      '/v1/recordings/retention',
      {
        config: { scope: 'cameras:manage', stepUp: true },
        schema: {
          summary: 'Say how long and how much is kept',
          tags,
          body: RetentionBody,
          response: { 200: RetentionBody },
        },
      },
      async (request) => recording.changeRetention(request.body, request.principal),
    );
  };
}

function checkSpan(fromMs: number, toMs: number, longestMs: number): void {
  if (toMs <= fromMs || toMs - fromMs > longestMs)
    throw new CameraWatchError(
      'span_invalid',
      `Cannot look at ${toMs - fromMs} ms: "to_ms" must be after "from_ms" by at most ${longestMs}`,
    );
}
