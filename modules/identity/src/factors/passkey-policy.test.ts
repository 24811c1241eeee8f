import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { begunOf, codeOf, goodPassword, local, openHouse, operator } from '../people/people.fixture.ts';
import type { House } from '../people/people.fixture.ts';
import {
  aaguidExtension,
  certify,
  createAuthority,
  createMaker,
  pemOf,
  revocationList,
  signMetadata,
} from './fido.fixture.ts';
import { defaultPolicy, type PasskeyPolicy } from './passkey-policy.ts';
import { usedPasskey } from './passkeys.ts';
import {
  createSoftwareAuthenticator,
  type Ceremony,
  type SoftwareAuthenticator,
} from './software-authenticator.fixture.ts';

const site: Ceremony = { origin: local.origin, hostName: local.hostName };
const good = '11111111-2222-3333-4444-555555555555';
const other = '99999999-2222-3333-4444-555555555555';
const root = await createAuthority('FIDO of ours');
const signer = await certify(root, 'CN=mds.example');
const makerRoot = await createAuthority('Maker');
const maker = await createMaker(makerRoot, [aaguidExtension(good)]);
const direct: PasskeyPolicy = { ...defaultPolicy, attestation: 'direct' };

async function importOf(
  house: House,
  no: number,
  statuses: readonly string[] = ['FIDO_CERTIFIED_L1'],
  by: Principal = operator,
): Promise<void> {
  const entries = [
    { aaguid: good, statuses, root: makerRoot },
    { aaguid: other, statuses: [], root: makerRoot },
  ];
  const blob = await signMetadata(signer, { no, entries });
  await house.passkeyRules.importMetadata({ blob, root: pemOf(root), by });
}

async function enrol(
  house: House,
  at: Partial<Ceremony>,
  name = 'Guy',
  roles = ['guard'],
): Promise<SoftwareAuthenticator> {
  const { token } = await house.people.invite({ name, roles, by: operator });
  const { enrolment } = await house.people.accept({ token, password: goodPassword });
  const authenticator = createSoftwareAuthenticator();
  const options = await house.enrolment.passkeyOptions({ enrolment, client: local });
  const response = authenticator.create(options, { ...site, ...at });
  await house.enrolment.confirmPasskey({ enrolment, response, label: 'Key', client: local });
  return authenticator;
}

let from = 0;
async function signIn(
  house: House,
  authenticator: SoftwareAuthenticator,
  at: Partial<Ceremony> = {},
): Promise<Principal> {
  const client = { ...local, address: `127.0.2.${(from += 1)}` };
  const response = authenticator.use(await house.signIn.passkeyOptions({ client }), { ...site, ...at });
  return begunOf(await house.signIn.withPasskey({ response, client })).principal;
}

const refusedFor =
  (verdict: string): ((error: unknown) => boolean) =>
  (error) => {
    assert.ok(error instanceof Error && 'code' in error && 'details' in error);
    assert.equal(error.code, 'passkey_refused', error.message);
    assert.ok(JSON.stringify(error.details).includes(`"verdict":"${verdict}"`), error.message);
    return true;
  };
const ofGood = { aaguid: good.replaceAll('-', ''), maker };

forEachDatabase((name, open) => {
  test(`${name}: an attested authenticator is added, used, and refused once its make is compromised or denied`, async () => {
    const house = await openHouse(open);
    await importOf(house, 1);
    await house.passkeyRules.change({
      policy: { ...direct, allowed: [good], leastCertification: 'L1' },
      by: operator,
    });
    const options = await house.enrolment.passkeyOptions({
      enrolment: (
        await house.people.accept({
          token: (await house.people.invite({ name: 'Asker', roles: ['guard'], by: operator })).token,
          password: goodPassword,
        })
      ).enrolment,
      client: local,
    });
    assert.ok(JSON.stringify(options).includes('"attestation":"direct"'));
    const authenticator = await enrol(house, ofGood);
    const guy = await signIn(house, authenticator);
    const [shown] = await house.passkeyRules.passkeysOf(guy.id);
    const { id: _id, lastUsedAtMs, ...facts } = shown ?? { id: '' };
    assert.equal(lastUsedAtMs, house.clock.nowMs());
    assert.deepEqual(facts, {
      label: 'Key',
      model: 'Key of 11111111',
      aaguid: good,
      isAttested: true,
      isSynced: false,
    });
    const made = house.events.find(
      ({ event }) => event['message'] === 'user.factor' && JSON.stringify(event).includes('Guy'),
    );
    assert.ok(JSON.stringify(made).includes(`"passkey":{"aaguid":"${good}","attestation":"packed","attested":true`));

    await importOf(house, 2, ['FIDO_CERTIFIED_L1', 'ATTESTATION_KEY_COMPROMISE']);
    await assert.rejects(signIn(house, authenticator), refusedFor('compromised'));
    const last = JSON.stringify(house.events.at(-1));
    assert.ok(last.includes('"verdict":"compromised"') && last.includes(good), last);
    // The password alone neither lets in nor puts another factor in its place.
    const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: local });
    assert.ok('ticket' in step);
    assert.deepEqual(step.methods, ['recovery']);
    await importOf(house, 3);
    await signIn(house, authenticator);
    await house.passkeyRules.change({ policy: { ...defaultPolicy, denied: [good] }, by: operator });
    await assert.rejects(signIn(house, authenticator), refusedFor('denied'));
  });

  test(`${name}: an attestation that is missing, by another maker, of another model or over other data is refused`, async () => {
    const house = await openHouse(open);
    await importOf(house, 1);
    await house.passkeyRules.change({ policy: direct, by: operator });
    const foreign = await createMaker(await createAuthority('Maker'), [aaguidExtension(good)]);
    const unbound = await createMaker(makerRoot);
    await assert.rejects(
      enrol(house, { aaguid: ofGood.aaguid }, 'A'),
      refusedFor('not-attested'),
      'downgraded to none',
    );
    await assert.rejects(enrol(house, { ...ofGood, maker: foreign }, 'B'), refusedFor('not-attested'), 'another root');
    const wrong = { code: 'passkey_refused' };
    await assert.rejects(enrol(house, { aaguid: other.replaceAll('-', ''), maker }, 'C'), wrong, 'another model');
    await assert.rejects(enrol(house, { ...ofGood, maker: { ...maker, key: foreign.key } }, 'D'), wrong, 'another key');
    await assert.rejects(enrol(house, { aaguid: '1'.repeat(32), maker: unbound }, 'E'), refusedFor('not-attested'));
    await assert.rejects(enrol(house, { ...ofGood, userVerified: false }, 'F'), wrong, 'nobody verified');
    await assert.rejects(enrol(house, { ...ofGood, origin: 'https://evil.example' }, 'G'), wrong, 'another origin');
    await assert.rejects(enrol(house, { ...ofGood, hostName: 'evil.example' }, 'H'), wrong, 'another site');
    await house.passkeyRules.change({ policy: { ...direct, leastCertification: 'L2' }, by: operator });
    await assert.rejects(enrol(house, ofGood, 'I'), refusedFor('not-certified'));
    await house.passkeyRules.change({ policy: { ...direct, allowed: [other] }, by: operator });
    await assert.rejects(enrol(house, ofGood, 'J'), refusedFor('not-allowed'));
  });

  test(`${name}: addresses in the certificates of an attestation are never asked`, async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const calling = revocationList(`http://127.0.0.1:${port}/list`);
    try {
      const house = await openHouse(open);
      await importOf(house, 1);
      await house.passkeyRules.change({ policy: direct, by: operator });
      const trusted = await createMaker(makerRoot, [aaguidExtension(good), calling]);
      const foreign = await createMaker(await createAuthority('Anybody'), [calling]);
      await enrol(house, { ...ofGood, maker: trusted });
      await assert.rejects(enrol(house, { ...ofGood, maker: foreign }, 'Eve'), { code: 'passkey_refused' });
      assert.deepEqual(asked, []);
    } finally {
      server.close();
    }
  });

  test(`${name}: who must have hardware uses nothing that is synced, and what it said of itself does not change`, async () => {
    const house = await openHouse(open);
    const synced = await enrol(house, { synced: true });
    await signIn(house, synced, { synced: true });
    await assert.rejects(signIn(house, synced), refusedFor('backup-changed'), 'it was synced');
    const bound = await enrol(house, {}, 'Bea');
    await assert.rejects(signIn(house, bound, { synced: true }), refusedFor('backup-changed'), 'it was bound');
    await assert.rejects(signIn(house, bound, { userVerified: false }), { code: 'passkey_refused' });
    await signIn(house, bound, { counter: 50 });
    await assert.rejects(signIn(house, bound, { counter: 7 }), { code: 'passkey_refused' }, 'a clone lags behind');
    await house.passkeyRules.change({ policy: { ...defaultPolicy, hardwareBoundRoles: ['guard'] }, by: operator });
    await assert.rejects(signIn(house, synced, { synced: true }), refusedFor('synced'));
    await assert.rejects(enrol(house, { synced: true }, 'Cy'), refusedFor('synced'));
    await enrol(house, { synced: true }, 'Dan', ['analyst']);
    await signIn(house, bound, { counter: 51 });
  });

  test(`${name}: numbers only grow, the last administrator stays, and the preview names who is refused`, async () => {
    const house = await openHouse(open);
    await assert.rejects(house.passkeyRules.change({ policy: direct, by: operator }), {
      code: 'passkey_policy_invalid',
    });
    await importOf(house, 5);
    await assert.rejects(importOf(house, 5), { code: 'fido_metadata_old' });
    await assert.rejects(importOf(house, 4), { code: 'fido_metadata_old' });
    assert.equal((await house.passkeyRules.read()).metadata?.no, 5);
    await assert.rejects(house.passkeyRules.change({ policy: { ...defaultPolicy, allowed: [good] }, by: operator }), {
      code: 'passkey_policy_invalid',
    });
    const authenticator = await enrol(house, {}, 'Ada', ['admin']);
    const ada = await signIn(house, authenticator);
    const preview = await house.passkeyRules.preview(direct);
    assert.deepEqual(preview.refused, [{ userId: ada.id, name: 'Ada', label: 'Key', why: 'not-attested' }]);
    assert.deepEqual([preview.passkeys, preview.withoutFactor.length, preview.isLockingOut], [1, 1, true]);
    await assert.rejects(house.passkeyRules.change({ policy: direct, by: ada }), { code: 'passkey_policy_lock_out' });
    await signIn(house, authenticator);
    await house.passkeyRules.change({ policy: direct, by: operator });
    await assert.rejects(signIn(house, authenticator), refusedFor('not-attested'));
    await house.passkeyRules.change({ policy: defaultPolicy, by: operator });
    await signIn(house, authenticator);
  });

  /** An administrator with a passkey of this make, and an app. */
  async function withBoth(house: House) {
    const authenticator = await enrol(house, { aaguid: ofGood.aaguid }, 'Ada', ['admin']);
    const ada = await signIn(house, authenticator);
    const { secret } = await house.ownFactors.beginTotp(ada);
    await house.ownFactors.confirmTotp({ by: ada, code: codeOf(secret, house.clock.nowMs()), label: 'App' });
    const factors = await house.ownFactors.list(ada);
    const id = (kind: string): string => factors.find((one) => one.kind === kind)?.id ?? '';
    const remove = (kind: string) => house.ownFactors.remove({ by: ada, id: id(kind) });
    return { ada, remove };
  }

  test(`${name}: a policy that refuses the passkey and the app taken away at the same time leave one of both`, async () => {
    for (const isAppFirst of [false, true]) {
      const house = await openHouse(open);
      const { ada, remove } = await withBoth(house);
      const refuse = () => house.passkeyRules.change({ policy: { ...defaultPolicy, denied: [good] }, by: ada });
      const take = () => remove('totp');
      const both = (): Promise<unknown>[] => (isAppFirst ? [take(), refuse()] : [refuse(), take()]);
      // Behind another writer: what was read before one's own turn has become old by then.
      const held = async (): Promise<Promise<unknown>[]> => {
        const begun = both();
        for (let reads = 0; reads < 3; reads += 1) await house.passkeyRules.preview(defaultPolicy);
        return begun;
      };
      // One connection to SQLite: nobody reads beside a writer there.
      const begun =
        name === 'SQLite'
          ? { all: both() }
          : await house.database.transaction().execute(async () => ({ all: await held() }));
      const done = await Promise.allSettled(begun.all);
      assert.deepEqual(done.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
      const reason = done.map((one) => (one.status === 'rejected' ? one.reason.code : '')).join('');
      assert.ok(['passkey_policy_lock_out', 'last_factor'].includes(reason), reason);
      const left = (await house.ownFactors.list(ada)).filter(({ passkey }) => passkey?.refusal === undefined);
      assert.ok(left.length > 0);
    }
  });

  test(`${name}: an app that is too little for the role, and all that is accepted, stays`, async () => {
    const house = await openHouse(open);
    const { ada, remove } = await withBoth(house);
    const hardest = {
      role: 'admin',
      leastAssurance: 3,
      factors: ['passkey'],
      provesWithPasskey: true,
    } as const;
    await house.signInRules.change({ rules: [hardest], endSessions: false, by: ada });
    await house.passkeyRules.change({ policy: { ...defaultPolicy, denied: [good] }, by: operator });
    await assert.rejects(remove('totp'), { code: 'last_factor' });
    await remove('passkey');
  });

  test(`${name}: a passkey for a name that nobody answers to any more is no way in that counts`, async () => {
    const house = await openHouse(open);
    const { ada, remove } = await withBoth(house);
    const moved = house.again({ answersTo: (hostName) => hostName === 'new.example' });
    const id = (await house.ownFactors.list(ada)).find(({ kind }) => kind === 'totp')?.id ?? '';
    await assert.rejects(moved.ownFactors.remove({ by: ada, id }), { code: 'last_factor' });
    const same = house.again({ answersTo: (hostName) => hostName === local.hostName });
    await same.ownFactors.remove({ by: ada, id });
    await assert.rejects(remove('passkey'), { code: 'last_factor' });
  });

  test(`${name}: metadata that would lock the last administrator out is refused, and nothing of it stays`, async () => {
    const house = await openHouse(open);
    await importOf(house, 1);
    await house.passkeyRules.change({ policy: direct, by: operator });
    const authenticator = await enrol(house, ofGood, 'Ada', ['admin']);
    const ada = await signIn(house, authenticator);
    const compromised = ['ATTESTATION_KEY_COMPROMISE'];
    await assert.rejects(importOf(house, 2, compromised, ada), { code: 'passkey_policy_lock_out' });
    assert.equal((await house.passkeyRules.read()).metadata?.no, 1);
    await signIn(house, authenticator);
    // At the same moment by the clock as the one that was refused: what is read is what was imported.
    await importOf(house, 3, ['FIDO_CERTIFIED_L1'], ada);
    assert.equal((await house.passkeyRules.read()).metadata?.no, 3);
    await signIn(house, authenticator);
    await importOf(house, 4, compromised);
    await assert.rejects(signIn(house, authenticator), refusedFor('compromised'));
    // Who has nothing left takes nothing by going on.
    await house.passkeyRules.change({ policy: { ...direct, denied: [good] }, by: ada });
  });
});

test('a sign-in says which make of passkey it was, whether it is copied elsewhere, and that it verified the person', async () => {
  const metadata = {
    no: 1,
    nextUpdate: '2049-01-01',
    root: '',
    models: [{ aaguid: good, name: 'Key 5', certification: 'L1', roots: [] }],
  } as const;
  const passkey = { aaguid: good, attestation: 'packed', isAttested: true, isBackupEligible: true };
  assert.deepEqual(
    usedPasskey(passkey, { isBackupEligible: true, isBackedUp: false }, { policy: defaultPolicy, metadata }),
    {
      aaguid: good,
      attestation: 'packed',
      attested: true,
      synced: true,
      verdict: 'accepted',
      make: 'Key 5',
      backed_up: false,
      user_verified: true,
    },
  );
});
