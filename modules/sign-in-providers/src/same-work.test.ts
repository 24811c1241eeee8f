import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '@sallyport/platform/errors';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { befriend, browser, openHouse } from './providers.fixture.ts';

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('starting at a provider that is switched off, of another kind or that nobody knows takes the same work and says the same', async () => {
    const house = await openHouse(open);
    const off = await befriend(house, { isEnabled: false });
    await using _idp = off.idp;
    const tried = async (providerId: string): Promise<unknown> => {
      house.statements.length = 0;
      const before = house.events.length;
      const said = await house.flow
        .depart({ providerId, purpose: { kind: 'sign-in' }, returnPath: '/', client: browser })
        .catch((error: unknown) => (error instanceof CodedError ? error.code : String(error)));
      return { said, statements: [...house.statements], events: house.events.length - before };
    };
    const expected = await tried(off.provider.id);
    assert.deepEqual(Object.values(Object(expected))[0], 'provider_not_found');
    assert.deepEqual(await tried('nobody-knows-it'), expected);
    assert.deepEqual(await tried('f'.repeat(off.provider.id.length)), expected);
  });
});
