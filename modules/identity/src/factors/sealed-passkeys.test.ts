import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { elsewhere, local, moveInAdministrator, openHouse, operator } from '../people/people.fixture.ts';
import { defaultPolicy } from './passkey-policy.ts';
import { createSoftwareAuthenticator } from './software-authenticator.fixture.ts';

const here = { origin: local.origin, hostName: local.hostName };
const refused = { code: 'passkey_refused' };
const roles = ['admin'];
const account = { userId: 'sealed-1', name: 'break-glass safe' };

forEachDatabase((name, open) => {
  test(`a sealed passkey is found without being named, answers once, and is nobody's own on ${name}`, async () => {
    const house = await openHouse(open);
    const { sealedPasskeys: sealed, database } = house;
    const key = createSoftwareAuthenticator();
    const options = await sealed.creationOptions({ client: local, account, known: [] });
    assert.match(JSON.stringify(options), /"residentKey":"required".*"userVerification":"required"/);
    const accepted = await sealed.accept({
      client: local,
      userId: account.userId,
      roles,
      response: key.create(options, here),
    });
    const { passkey } = accepted;
    assert.equal(await sealed.spend(database, accepted.challenge), true);
    assert.equal(await sealed.spend(database, accepted.challenge), false);

    const asked = await sealed.requestOptions(elsewhere);
    assert.ok(!JSON.stringify(asked).includes(passkey.id), 'strangers are named no passkey');
    const used = await sealed.verify({ client: elsewhere, roles, passkey, response: key.use(asked, here) });
    assert.deepEqual([used.facts['verdict'], used.facts['user_verified']], ['accepted', true]);
    assert.ok(used.counter > passkey.counter);

    // By itself it signs nobody in, and proves nobody.
    await assert.rejects(
      house.signIn.withPasskey({
        client: elsewhere,
        response: key.use(await house.signIn.passkeyOptions({ client: elsewhere }), here),
      }),
      refused,
    );
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const proof = { kind: 'passkey', response: key.use(await sealed.requestOptions(local), here) } as const;
    await assert.rejects(house.stepUp.prove({ by, client: local, proof }), { code: 'proof_refused' });
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  test('a sealed passkey is refused for another place, another purpose, another account, without its person, and copied', async () => {
    const house = await openHouse(open);
    const { sealedPasskeys: sealed } = house;
    const key = createSoftwareAuthenticator();
    const creation = () => sealed.creationOptions({ client: local, account, known: [] });
    const accept = (response: ReturnType<typeof key.create>, userId = account.userId) =>
      sealed.accept({ client: local, userId, roles, response });
    await assert.rejects(accept(key.create(await creation(), here), 'sealed-2'), refused);
    await assert.rejects(accept(key.create(await creation(), { ...here, origin: 'https://example.org' })), refused);
    await assert.rejects(accept(key.create(await creation(), { ...here, userVerified: false })), refused);
    await assert.rejects(accept(key.create(await sealed.requestOptions(local), here)), refused);
    const { passkey } = await accept(key.create(await creation(), here));

    const verify = (response: ReturnType<typeof key.use>, kept = passkey) =>
      sealed.verify({ client: local, roles, passkey: kept, response });
    const asked = () => sealed.requestOptions(local);
    await assert.rejects(verify(key.use(await asked(), { ...here, origin: 'https://example.org' })), refused);
    await assert.rejects(verify(key.use(await asked(), { ...here, hostName: 'example.org' })), refused);
    await assert.rejects(verify(key.use(await asked(), { ...here, userVerified: false })), refused);
    await assert.rejects(verify(key.use(await creation(), here)), refused, 'a challenge for making one');
    await assert.rejects(verify(key.use(await house.signIn.passkeyOptions({ client: local }), here)), refused);
    await assert.rejects(
      verify(key.use(await asked(), { ...here, synced: true })),
      refused,
      'another holds the key now',
    );
    await assert.rejects(verify(createSoftwareAuthenticator().use(await asked(), here)), refused);
    await assert.rejects(verify(key.use(await asked(), { ...here, counter: 4 }), { ...passkey, counter: 9 }), refused);
    const late = await asked();
    house.clock.advance(6 * 60_000);
    await assert.rejects(verify(key.use(late, here)), refused, 'an old challenge');
    await assert.rejects(sealed.requestOptions({ ...local, origin: 'http://127.0.0.1:8470', hostName: '127.0.0.1' }), {
      code: 'passkey_needs_name',
    });
  });

  test('rules keep a passkey from being added, and never the last door closed', async () => {
    const house = await openHouse(open);
    const { sealedPasskeys: sealed } = house;
    const synced = { ...here, synced: true };
    const accept = async (key: ReturnType<typeof createSoftwareAuthenticator>) =>
      sealed.accept({
        client: local,
        userId: account.userId,
        roles,
        response: key.create(await sealed.creationOptions({ client: local, account, known: [] }), synced),
      });
    const before = createSoftwareAuthenticator();
    const { passkey } = await accept(before);
    assert.deepEqual(await sealed.lookUp(passkey, roles), { algorithm: -7 });
    await house.passkeyRules.change({ policy: { ...defaultPolicy, hardwareBoundRoles: ['admin'] }, by: operator });
    await assert.rejects(accept(createSoftwareAuthenticator()), refused);
    const used = await sealed.verify({
      client: local,
      roles,
      passkey,
      response: before.use(await sealed.requestOptions(local), synced),
    });
    assert.equal(used.facts['verdict'], 'synced');
    assert.match((await sealed.lookUp(passkey, roles)).refusedBecause ?? '', /copied to other devices/);
  });
});
