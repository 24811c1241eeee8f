// A person with a passkey at the real server: a browser's requests without a browser.
import { createSoftwareAuthenticator } from '@sallyport/identity/software-authenticator';
import { httpAsk } from './http-request.ts';
import type { ServerUnderTest } from './server-under-test.ts';

export type PersonUnderTest = {
  /** Asks as this person, JSON both ways. Throws on anything but a 2xx answer. */
  ask(path: string, body?: unknown, method?: string): Promise<Record<string, unknown>>;
  /** Signs a destruction with the passkey. */
  sign(destruction: string): Promise<void>;
};

const password = 'harbour lantern quiet mosaic';

/** The first administrator, by the link the server printed. */
export async function signUpFirst(server: ServerUnderTest, name: string): Promise<PersonUnderTest> {
  const token = /\/setup#(\S+)/u.exec(server.output())?.[1];
  if (token === undefined) throw new Error('The server has printed no setup link');
  const person = personAt(server);
  const { enrolment } = await person.ask('/v1/setup/administrator', { token, name, password });
  await person.enrol(enrolment);
  return person;
}

/** Another one, invited by `by`. */
export async function invite(server: ServerUnderTest, by: PersonUnderTest, name: string): Promise<PersonUnderTest> {
  const { link } = await by.ask('/v1/invitations', { name, roles: ['admin'] });
  const person = personAt(server);
  const token = String(link).split('#')[1];
  const { enrolment } = await person.ask('/v1/invitations/accept', { token, password });
  await person.enrol(enrolment);
  return person;
}

function personAt(server: ServerUnderTest): PersonUnderTest & { enrol(enrolment: unknown): Promise<void> } {
  const authenticator = createSoftwareAuthenticator();
  const { port } = new URL(server.address());
  // Passkeys are made for names, not for addresses.
  const at = { origin: `http://localhost:${port}`, hostName: 'localhost' };
  let cookie = '';
  const ask: PersonUnderTest['ask'] = async (path, body, method) => {
    const answer = await httpAsk(
      { address: server.address() },
      {
        path,
        ...(method === undefined ? {} : { method }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: {
          host: `localhost:${port}`,
          origin: at.origin,
          'x-sallyport': '1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(cookie === '' ? {} : { cookie }),
        },
      },
    );
    if (answer.status < 200 || answer.status > 299) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    const set = answer.headers['set-cookie'];
    const first = Array.isArray(set) ? set[0] : set;
    if (first !== undefined) cookie = first.split(';')[0] ?? '';
    const value: unknown = answer.text === '' ? {} : JSON.parse(answer.text);
    return isRecord(value) ? value : {};
  };
  return {
    ask,
    async enrol(enrolment) {
      const options = await ask('/v1/enrolment/passkey/options', { enrolment });
      await ask('/v1/enrolment/passkey', { enrolment, response: authenticator.create(options, at), label: 'test' });
    },
    async sign(destruction) {
      const path = `/v1/vault/destructions/${destruction}`;
      const { passkey } = await ask(`${path}/signing`, {});
      const response = authenticator.use(isRecord(passkey) ? passkey : {}, at);
      await ask(`${path}/signatures`, { response });
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
