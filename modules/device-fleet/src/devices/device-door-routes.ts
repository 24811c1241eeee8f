import { typedApp } from '@sallyport/platform/http';
import type { Client, RoutePlugin } from '@sallyport/platform/http';
import { Challenge, ChallengeBody, EnrolBody, Enrolled, SessionAnswer, SessionBody } from './device-schema.ts';
import type { Devices } from './devices.ts';

const tags = ['devices'];
/** A person at a device; a building of devices behind one address that come back together after a restart. */
const rates = {
  enrol: { perSecond: 1, burst: 30 },
  session: { perSecond: 20, burst: 400 },
};

/** `/v1/devices/…` for devices, which have nothing yet but a code or their key: anybody may call. */
export function createDeviceDoorRoutes(devices: Devices): RoutePlugin {
  return async (fastify) => {
    const app = typedApp(fastify);

    app.post(
      '/v1/devices/enrol',
      {
        config: { public: true, addressRate: rates.enrol, bodyLimitBytes: 8192 },
        schema: {
          summary: 'A device shows its key and a code, and waits to be approved',
          tags,
          body: EnrolBody,
          response: { 200: Enrolled },
        },
      },
      async ({ body, client }) => {
        const { code, public_key: publicKey, signature, about = {} } = body;
        const enrolled = await devices.enrolments.enrol({ code, publicKey, signature, about, host: hostOf(client) });
        return { device_id: enrolled.deviceId, fingerprint: enrolled.fingerprint, state: enrolled.state };
      },
    );

    app.post(
      '/v1/devices/challenge',
      {
        config: { public: true, addressRate: rates.session, bodyLimitBytes: 2048 },
        schema: {
          summary: 'A number for a device to sign within two minutes',
          tags,
          body: ChallengeBody,
          response: { 200: Challenge },
        },
      },
      async ({ body }, reply) => {
        const { nonce, expiresMs } = devices.challenge(body.device_id);
        return reply.header('cache-control', 'no-store').send({ nonce, expires_ms: expiresMs });
      },
    );

    app.post(
      '/v1/devices/session',
      {
        config: { public: true, addressRate: rates.session, bodyLimitBytes: 2048 },
        schema: {
          summary: 'An approved device proves its key and gets a token for ten minutes',
          tags,
          body: SessionBody,
          response: { 200: SessionAnswer },
        },
      },
      async ({ body, client }, reply) => {
        const { device_id: deviceId, nonce, signature } = body;
        const opened = devices.openSession({ deviceId, nonce, signature, host: hostOf(client) });
        const { id, name, place, site, kind } = opened.device;
        return reply.header('cache-control', 'no-store').send({
          token: opened.token.reveal(),
          expires_ms: opened.expiresMs,
          device: { id, name, place, site, kind },
        });
      },
    );
  };
}

/** As `location.host` on the device: without the port that goes without saying. */
function hostOf({ origin }: Client): string {
  return new URL(origin).host;
}
