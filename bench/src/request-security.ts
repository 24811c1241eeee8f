import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { allActions, createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { isJsonObject, parseJson, type JsonObject } from '@sallyport/contracts';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import { asker, perSecond, startBareRoute, type Ask, type Asked } from './asking.ts';
import type { Bench } from './bench.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { latencies, rounded, type Latencies } from './statistics.ts';

const path = '/v1/cameras';
const password = 'seven quiet lanterns';

/** What everything between a connection and a handler costs: limits, who it is, whether they may, what is recorded, schemas. */
export const requestSecurity: Bench = {
  name: 'request-security',
  target: 'all security on a request adds p99 under 5 ms to a bare Fastify route',
  run: async ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const requests = options.tiny ? 50 : 2000;
      const rounds = options.tiny ? 1 : 3;
      const server = await startServer(directory, options.profileDirectory);
      const bare = await startBareRoute();
      try {
        const askBare = asker(bare.address);
        const ask = asker(server.address);
        const cookie = await signUp(ask, server.setupLink);
        const ways = {
          bare: () => askBare('GET', path),
          key: () => ask('GET', path, { authorization: `Bearer ${server.operatorKey}` }),
          session: () => ask('GET', path, { cookie }),
        };
        const taken: Record<keyof typeof ways, number[]> = { bare: [], key: [], session: [] };
        for (let round = 0; round <= rounds; round += 1) {
          for (const way of ['bare', 'key', 'session'] as const) {
            const times = await timed(requests, ways[way]);
            // The first round warms up.
            if (round > 0) taken[way].push(...times);
          }
          progress(`round ${round} of ${rounds}`);
        }
        const figures = { bare: latencies(taken.bare), key: latencies(taken.key), session: latencies(taken.session) };
        // After a rest, and no more than one caller may ask at once.
        await sleep(options.tiny ? 0 : 4000);
        const checks = await perSecond(options.tiny ? 50 : 300, 16, async () => {
          const { status, text } = await ways.session();
          if (status !== 200) throw new Error(`The bench was refused: ${status} ${text}`);
        });
        const signIns = await perSecond(options.tiny ? 4 : 8, 4, async () => {
          const step = await ask('POST', '/v1/session', {}, { name: 'Ada', password });
          if (!step.text.includes('second-factor')) throw new Error(`The bench could not sign in: ${step.text}`);
          return step;
        });
        progress(`${rounded(checks)} session checks a second, ${rounded(signIns)} sign-ins a second`);
        return {
          processed: taken.session.length,
          inputs: { requests: taken.session.length, path },
          figures: {
            ...figures,
            session_adds_ms: added(figures.session, figures.bare),
            key_adds_ms: added(figures.key, figures.bare),
            session_checks_per_second: rounded(checks),
            sign_ins_per_second: rounded(signIns),
            decision_us: await decisions(options.tiny ? 50 : 2000),
          },
          ratios: { added_p99_to_target: rounded((figures.session.p99 - figures.bare.p99) / 5) },
          notes: [
            'Milliseconds, one request after another on one kept connection; the bare route answers the same JSON from a process of its own',
            'Session checks: whole requests with a cookie, 16 at once; sign-ins: name and password (argon2id) as far as the second factor, 4 at once',
            'Decisions in microseconds with the bundled policies: uncached each about another person, cached the same again',
          ],
        };
      } finally {
        bare.stop();
        await server.stop();
      }
    }),
};

function added(one: Latencies, other: Latencies): JsonObject {
  return { p50: rounded(one.p50 - other.p50), p99: rounded(one.p99 - other.p99) };
}

async function decisions(count: number): Promise<JsonObject> {
  const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));
  const person = (id: string): Principal => ({
    kind: 'user',
    id,
    name: id,
    scopes: [],
    roles: ['guard'],
    assurance: 2,
  });
  const decide = (id: string, at: number): number => {
    const beganMs = performance.now();
    const { allowed } = policy.decide({
      principal: person(id),
      action: allActions[at % 5] ?? 'events:read',
      resource: { kind: 'camera', id: 'gate', site: 'North' },
      risk: { value: 0, isFresh: true },
      context: { channel: 'network' },
    });
    return typeof allowed === 'boolean' ? (performance.now() - beganMs) * 1000 : Number.NaN;
  };
  const uncached = Array.from({ length: count }, (_, at) => decide(`u${at}`, at));
  const cached = Array.from({ length: count }, (_, at) => decide('u0', at));
  return { uncached: { ...latencies(uncached) }, cached: { ...latencies(cached) } };
}

async function timed(count: number, act: () => Promise<Asked>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < count) {
    const beganMs = performance.now();
    const { status, text } = await act();
    const tookMs = performance.now() - beganMs;
    // The edge's own limit for one caller, which is not what is measured.
    if (status === 429) await sleep(1000);
    else if (status === 200) times.push(tookMs);
    else throw new Error(`The bench was refused: ${status} ${text}`);
  }
  return times;
}

/** The first administrator, by the link, with an app for codes. Gives the cookie. */
async function signUp(ask: Ask, setupLink: string): Promise<string> {
  const token = setupLink.split('#')[1] ?? '';
  const made = await ask('POST', '/v1/setup/administrator', {}, { token, name: 'Ada', password });
  const enrolment = fieldOf(made, 'enrolment');
  const secret = fieldOf(await ask('POST', '/v1/enrolment/totp', {}, { enrolment }), 'secret');
  const code = totp(secret, Date.now());
  const done = await ask('POST', '/v1/enrolment/totp/confirm', {}, { enrolment, code });
  if (done.cookie === undefined) throw new Error(`The bench could not sign up: ${done.text}`);
  return done.cookie;
}

function fieldOf({ text }: Asked, name: string): string {
  const value = parseJson(text);
  const field = isJsonObject(value) ? value[name] : undefined;
  if (typeof field !== 'string') throw new Error(`The bench could not sign up: ${text}`);
  return field;
}

/** RFC 6238. */
function totp(base32: string, atMs: number): string {
  const bits = Array.from(base32).map((digit) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const mac = createHmac('sha1', Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))))
    .update(counter)
    .digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
