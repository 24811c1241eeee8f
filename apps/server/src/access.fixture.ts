// The whole server on a fresh data directory, and people who sign in to it as a browser would.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ageProofs } from '@sallyport/identity/testing';
import { ageLogins } from '@sallyport/machine-access/testing';
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { startServer, type RunningServer } from './compose.ts';
import { readConfig } from './config.ts';

export type Answer = {
  readonly status: number;
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What `Set-Cookie` says, as it goes into `Cookie`. */
  readonly cookie: string | undefined;
};

export type Caller = { readonly cookie?: string; readonly key?: string };

export type Inhabitant = Caller & {
  readonly id: string;
  /** One code later than the one they came in with; good now, too. */
  nextCode(): string;
  readonly recoveryCodes: readonly string[];
};

export type Access = {
  readonly server: RunningServer;
  call(method: string, path: string, request?: { caller?: Caller; body?: unknown; headers?: object }): Promise<Answer>;
  /** Invites, accepts, enrols an app; gives the cookie. The first is the administrator of the setup link. */
  moveIn(name: string, role: string, administrator?: Caller): Promise<Inhabitant>;
  /** The same for somebody who holds nothing but this role at this site. */
  moveInAt(
    name: string,
    held: { readonly role: string; readonly site: string },
    administrator: Caller,
  ): Promise<Inhabitant>;
  /** Somebody's last proof of who they are becomes so old. */
  age(userId: string, ms: number): void;
  /** The same of programs that people let in. */
  ageLogins(ms: number): void;
  stop(): Promise<void>;
};

export const password = 'seven quiet lanterns';

/** `flags` as on the command line. */
export async function startAccess(
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Access> {
  // Who may do what is not about disks, and thousands of refusals are each made durable: in memory where there is some.
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sallyport-access-'));
  const config = readConfig(
    { XDG_CONFIG_HOME: join(directory, 'config'), ...environment },
    ['--data', join(directory, 'data'), '--port', '0', ...flags],
    { workingDirectory: directory, isTerminal: false },
  );
  const server = await startServer(config, createLog({ clock: systemClock, write: () => undefined }));
  const origin = server.address;

  // Connections are kept: opening one for each of thousands of questions costs more than the answers.
  // None is used again that idled so long that the server, held up meanwhile, may be about to close it.
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 5000 });
  const ask: Access['call'] = async (method, path, { caller = {}, body, headers = {} } = {}) => {
    const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const { response, text } = await send(`${origin}${path}`, {
      agent,
      method,
      sent,
      headers: {
        origin,
        'x-sallyport': '1',
        ...(caller.cookie === undefined ? {} : { cookie: caller.cookie }),
        ...(caller.key === undefined ? {} : { authorization: `Bearer ${caller.key}` }),
        ...(sent === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      },
    });
    const cookie = response.headers['set-cookie']?.[0]?.split(';')[0];
    const isJson = (response.headers['content-type'] ?? '').includes('json') && text !== '';
    const read: unknown = isJson ? JSON.parse(text) : {};
    const answered = typeof read === 'object' && read !== null ? { ...read } : {};
    return { status: response.statusCode ?? 0, code: textIn(answered, 'code'), body: answered, cookie };
  };
  // Thousands of requests from one address: a quick machine comes to the limit of the edge, and asks again.
  const call: Access['call'] = async (...request) => {
    for (;;) {
      const answer = await ask(...request);
      if (answer.code !== 'rate_limited') return answer;
      await sleep(1000);
    }
  };

  const enrol = async (enrolment: string): Promise<Inhabitant> => {
    const { body } = await call('POST', '/v1/enrolment/totp', { body: { enrolment } });
    const code = totp(textIn(body, 'secret'), Date.now());
    const done = await call('POST', '/v1/enrolment/totp/confirm', { body: { enrolment, code } });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    const { session } = done.body;
    const user = typeof session === 'object' && session !== null && 'user' in session ? session.user : {};
    const id = typeof user === 'object' && user !== null ? textIn({ ...user }, 'id') : '';
    const secret = textIn(body, 'secret');
    const codes: unknown = done.body['recovery_codes'];
    const recoveryCodes = Array.isArray(codes) ? codes.map(String) : [];
    return { cookie: done.cookie ?? '', id, nextCode: () => totp(secret, Date.now() + 30_000), recoveryCodes };
  };

  const accept = async (caller: Caller, invited: object): Promise<Inhabitant> => {
    const { status, body } = await call('POST', '/v1/invitations', { caller, body: invited });
    assert.ok(status < 300, JSON.stringify(body));
    const token = textIn(body, 'link').split('#')[1] ?? '';
    const accepted = await call('POST', '/v1/invitations/accept', { body: { token, password } });
    assert.ok(accepted.status < 300, JSON.stringify(accepted.body));
    return enrol(textIn(accepted.body, 'enrolment'));
  };

  return {
    server,
    call,
    async moveIn(name, role, administrator) {
      if (administrator === undefined) {
        const token = server.setupLink?.split('#')[1] ?? '';
        const made = await call('POST', '/v1/setup/administrator', { body: { token, name, password } });
        assert.equal(made.status, 201, JSON.stringify(made.body));
        return enrol(textIn(made.body, 'enrolment'));
      }
      return accept(administrator, { name, roles: [role] });
    },
    moveInAt: (name, held, administrator) => accept(administrator, { name, roles: [], site_roles: [held] }),
    age(userId, ms) {
      ageProofs(join(directory, 'data', 'control.db'), ms, userId);
    },
    ageLogins(ms) {
      ageLogins(join(directory, 'data', 'control.db'), ms);
    },
    async stop() {
      agent.destroy();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Of an answer that is no JSON, such as a stream, the head alone. */
function send(
  url: string,
  request: {
    readonly agent: Agent;
    readonly method: string;
    readonly headers: object;
    readonly sent: string | undefined;
  },
): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
  const { agent, method, headers, sent } = request;
  return new Promise((resolve, reject) => {
    const asked = httpRequest(url, { agent, method, headers: { ...headers } }, (response) => {
      if (!(response.headers['content-type'] ?? '').includes('json')) {
        resolve({ response, text: '' });
        response.on('error', () => undefined);
        response.destroy();
        return;
      }
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ response, text: Buffer.concat(parts).toString('utf8') }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

export function textIn(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** RFC 6238, as an app on a phone computes it. */
export function totp(base32: string, atMs: number): string {
  const bits = Array.from(base32).map((digit) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
