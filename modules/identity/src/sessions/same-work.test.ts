// Whether there is somebody of a name is not told by how much work is done: counted, since times lie.
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { passingDatabase } from '@sallyport/testing/dying-process';
import { createSoftwareAuthenticator } from '../factors/software-authenticator.fixture.ts';
import {
  elsewhere,
  goodPassword,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  ticketFor,
} from '../people/people.fixture.ts';

type Work = {
  readonly said: unknown;
  readonly statements: readonly string[];
  /** Work that Node.js does beside its thread: a password’s hash is one. */
  readonly jobs: readonly string[];
  readonly events: number;
};

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  async function watchedHouse() {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const statements: string[] = [];
    const watched = house.again({ database: passingDatabase(house.database, (place) => void statements.push(place)) });
    let attempts = 0;
    const workOf = async (run: (client: typeof elsewhere) => Promise<unknown>): Promise<Work> => {
      statements.length = 0;
      const jobs: string[] = [];
      const hook = createHook({
        init(_id, type) {
          if (/ARGON2|HASHREQUEST|SCRYPT|PBKDF2|SIGN/i.test(type)) jobs.push(type);
        },
      }).enable();
      const before = house.events.length;
      attempts += 1;
      // Each from somewhere else: nothing is slowed down.
      const said = await run({ ...elsewhere, address: `198.51.100.${attempts}` }).then(
        () => 'let in',
        (error: unknown) => (error instanceof CodedError ? `${error.code}: ${error.message}` : String(error)),
      );
      hook.disable();
      return { said, statements: [...statements], jobs, events: house.events.length - before };
    };
    return { house, watched, workOf };
  }

  test('a name nobody has, one of somebody disabled or invited, and a wrong password: the same questions, the same hash', async () => {
    const { house, watched, workOf } = await watchedHouse();
    await moveIn(house, 'Vera', ['viewer']);
    const dora = await moveIn(house, 'Dora', ['viewer']);
    await house.people.change({ id: dora.id, disabled: true, by: operator });
    await house.people.invite({ name: 'Ivan', roles: ['viewer'], by: operator });
    const tried = (who: string, password: string): Promise<Work> =>
      workOf((client) => watched.signIn.withPassword({ name: who, password, client }));
    const expected = await tried('Vera', 'not the password');
    assert.match(String(expected.said), /^credentials_wrong/);
    assert.equal(expected.jobs.length, 1, `one hash: ${expected.jobs.join(', ')}`);
    assert.equal(expected.events, 1);
    for (const who of ['Nobody', 'nobody '.repeat(12), 'Dora', 'Ivan'])
      assert.deepEqual(await tried(who, 'not the password'), expected, who);
    // With the right password of somebody who may not come in, too.
    assert.deepEqual(await tried('Dora', goodPassword), expected);
  });

  test('asking for a passkey without a ticket asks nothing of anybody, and one that nobody has takes the work of one that is known', async () => {
    const { house, watched, workOf } = await watchedHouse();
    const vera = await moveIn(house, 'Vera', ['viewer']);
    const key = createSoftwareAuthenticator();
    const { principal } = vera.begun;
    const options = await house.ownFactors.passkeyOptions({ by: principal, client: elsewhere });
    const made = key.create({ ...options }, elsewhere);
    await house.ownFactors.addPasskey({ by: principal, client: elsewhere, response: made, label: 'key' });
    const asked = await workOf((client) => watched.signIn.passkeyOptions({ client }));
    assert.deepEqual([asked.said, asked.statements, asked.events], ['let in', [], 0]);
    const answer = async (
      change: (response: ReturnType<typeof key.use>) => ReturnType<typeof key.use>,
    ): Promise<Work> => {
      const request = await house.signIn.passkeyOptions({ client: elsewhere });
      const response = change(key.use({ ...request }, elsewhere));
      return workOf((client) => watched.signIn.withPasskey({ response, client }));
    };
    const wrong = { signature: Buffer.alloc(70, 1).toString('base64url') };
    const known = await answer((made_) => ({ ...made_, response: { ...made_.response, ...wrong } }));
    assert.match(String(known.said), /^passkey_refused/);
    const strange = await answer((made_) => ({ ...made_, id: 'c3RyYW5nZQ', rawId: 'c3RyYW5nZQ' }));
    assert.deepEqual([strange.statements, strange.events], [known.statements, known.events]);
    assert.match(String(strange.said), /^passkey_refused/);
  });

  test('a recovery code that is wrong takes the same work whether there are codes left or none', async () => {
    const { house, watched, workOf } = await watchedHouse();
    const vera = await moveIn(house, 'Vera', ['viewer']);
    const tried = async (): Promise<Work> => {
      const ticket = await ticketFor(house, 'Vera');
      return workOf((client) => watched.signIn.withCode({ kind: 'recovery', ticket, code: '0000-0000', client }));
    };
    const expected = await tried();
    assert.match(String(expected.said), /^code_wrong/);
    await house.database
      .withTables<{ identity_recovery_codes: { user_id: string } }>()
      .deleteFrom('identity_recovery_codes')
      .execute();
    assert.deepEqual(await tried(), expected);
    // And a ticket that nobody was given is asked about once, whoever it might have been for.
    const none = await workOf((client) =>
      watched.signIn.withCode({ kind: 'recovery', ticket: 'none', code: vera.recoveryCodes[0] ?? '', client }),
    );
    const spent = await workOf((client) =>
      watched.signIn.withCode({ kind: 'totp', ticket: 'x'.repeat(43), code: '000000', client }),
    );
    assert.deepEqual(none, spent);
  });
});
