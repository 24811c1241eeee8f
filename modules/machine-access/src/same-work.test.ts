import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { client, newService, openHouse, presentedAs } from './machine-access.fixture.ts';
import type { House } from './machine-access.fixture.ts';
import type { OAuthRequest } from './oauth/token-service.ts';

type Work = { readonly said: unknown; readonly statements: readonly string[]; readonly events: number };

async function workOf(house: House, run: () => Promise<unknown>): Promise<Work> {
  house.statements.length = 0;
  const before = house.events.length;
  const said = await run().then(
    () => 'let in',
    (error: unknown) => (error instanceof CodedError ? `${error.code}: ${error.message}` : String(error)),
  );
  return { said, statements: [...house.statements], events: house.events.length - before };
}

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  const asks = (parameters: Readonly<Record<string, string>>): OAuthRequest => ({
    form: new Map(Object.entries({ grant_type: 'client_credentials', ...parameters })),
    authorization: undefined,
    client,
    presented: presentedAs(),
  });

  test('a client that is unknown, suspended or has no secret takes the same work as one with another secret', async () => {
    const house = await openHouse(open);
    const { account } = await newService(house, { boundOnly: false });
    const suspended = await newService(house, { boundOnly: false });
    await house.accounts.suspend({ id: suspended.account.id, by: suspended.by });
    const tried = (id: string): Promise<Work> =>
      workOf(house, () => house.service.token(asks({ client_id: id, client_secret: 'svs_'.padEnd(47, 'x') })));
    const expected = await tried(account.id);
    assert.match(String(expected.said), /Error: /);
    assert.ok(expected.statements.length >= 2, expected.statements.join(', '));
    for (const id of ['sa_nobody', account.id.replace(/.$/, 'z'), suspended.account.id])
      assert.deepEqual(await tried(id), expected, id);
    // Introspection and revocation by one that is not let in, too.
    const looked = (id: string): Promise<Work> =>
      workOf(house, () =>
        house.service.introspect(asks({ client_id: id, client_secret: 'svs_'.padEnd(47, 'x'), token: 'st_none' })),
      );
    assert.deepEqual(await looked('sa_nobody'), await looked(account.id));
  });

  test('a code of a device that nobody was shown takes the same work as one that was answered or is over', async () => {
    const house = await openHouse(open);
    const begin = (): ReturnType<House['service']['beginDevice']> =>
      house.service.beginDevice(asks({ client_id: 'sallyport-cli', dpop_jkt: 'a'.repeat(43) }));
    const ada = house.inBrowser('ada');
    const [denied, over] = [await begin(), await begin()];
    await house.logins.decide({ userCode: denied.userCode, approve: false, by: ada, client });
    house.clock.advance(3_600_000);
    const gus = house.inBrowser('gus');
    const looked = (userCode: string): Promise<Work> =>
      workOf(house, () => house.logins.look({ userCode, by: gus, client }));
    const expected = await looked('BBBB-CCCC');
    assert.match(String(expected.said), /^user_code_unknown/);
    assert.deepEqual(await looked(denied.userCode), expected);
    assert.deepEqual(await looked(over.userCode), expected);
  });
});
