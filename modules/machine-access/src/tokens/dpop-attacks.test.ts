import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { exportJWK } from 'jose';
import {
  newKey,
  newProgram,
  newService,
  openHouse,
  origin,
  presentedAs,
  refusalOf,
  type House,
  type Program,
} from '../machine-access.fixture.ts';
import { createDpopNonces } from './dpop-nonces.ts';
import { createDpopProofs } from './dpop-proof.ts';
import { createSeenProofs } from './seen-proofs.ts';

type Setting = {
  readonly house: House;
  readonly program: Program;
  readonly token: string;
  readonly grant: Readonly<Record<string, string>>;
};

forEachDatabase((name, open) => {
  async function setUp(): Promise<Setting> {
    const house = await openHouse(open);
    const { account, secret } = await newService(house);
    const program = await newProgram(house);
    const grant = { grant_type: 'client_credentials', client_id: account.id, client_secret: secret };
    const { access_token: token } = await house.service.token(await program.asks(grant));
    return { house, program, token, grant };
  }
  const refused = async (
    { house }: Setting,
    token: string,
    presented: Parameters<House['tokens']['authenticate']>[1],
  ): Promise<string> => {
    const answer = await house.tokens.authenticate(token, presented);
    return 'refused' in answer ? answer.refused : 'none';
  };

  test(`${name}: a bound token is good with its proof, and a proof once`, async () => {
    const setting = await setUp();
    const shown = await setting.program.shows(setting.token);
    const principal = await setting.house.tokens.authenticate(setting.token, shown);
    assert.deepEqual('scopes' in principal && [principal.kind, principal.scopes], [
      'service',
      ['alerts:read', 'health:read'],
    ]);
    assert.equal(await refused(setting, setting.token, shown), 'dpop_replayed');
  });

  test(`${name}: a stolen token is good for nothing: without its key, as a bearer, with another key's proof`, async () => {
    const setting = await setUp();
    const { house, token } = setting;
    assert.equal(await refused(setting, token, presentedAs({ method: 'GET', path: '/v1/alerts' })), 'token_bound');
    assert.equal(
      await refused(setting, token, presentedAs({ method: 'GET', path: '/v1/alerts', scheme: 'dpop' })),
      'dpop_missing',
    );
    const thief = await newProgram(house);
    assert.equal(await refused(setting, token, await thief.shows(token)), 'dpop_key');
    // A proof that is right in all but how the token is sent: no downgrade.
    const right = await setting.program.shows(token);
    assert.equal(await refused(setting, token, { ...right, scheme: 'bearer' }), 'token_bound');
    const twice = await setting.program.shows(token);
    assert.equal(await refused(setting, token, { ...twice, proofs: [...twice.proofs, ...twice.proofs] }), 'dpop_twice');
  });

  test(`${name}: a proof is for one method, one address and one token`, async () => {
    const setting = await setUp();
    const { program, token } = setting;
    const with_ = async (claims: Readonly<Record<string, unknown>>): Promise<string> =>
      refused(setting, token, await program.shows(token, { claims }));
    assert.equal(await with_({ htm: 'POST' }), 'dpop_method');
    assert.equal(await with_({ htm: 'get' }), 'dpop_method');
    for (const htu of [
      `${origin}/v1/users`,
      'https://evil.example/v1/alerts',
      'http://sallyport.example/v1/alerts',
      `${origin}:444/v1/alerts`,
      '/v1/alerts',
      `https://x@sallyport.example/v1/alerts`,
      7,
    ])
      assert.equal(await with_({ htu }), 'dpop_address', String(htu));
    assert.equal(
      await with_({ htu: `${origin}:443/v1/alerts?limit=1#x` }),
      'none',
      'port, query and fragment do not count',
    );
    const { token: other } = await setUp();
    assert.equal(await refused(setting, token, await program.shows(other)), 'dpop_token');
    assert.equal(await with_({ ath: undefined }), 'dpop_token');
  });

  test(`${name}: a proof is of now: by the clock, and by a nonce of ours`, async () => {
    const setting = await setUp();
    const { house, program, token } = setting;
    const now = Math.floor(house.clock.nowMs() / 1000);
    for (const iat of [now - 301, now + 301, `${now}`, undefined])
      assert.match(
        await refused(setting, token, await program.shows(token, { claims: { iat } })),
        /^dpop_(time|malformed|signature)$/,
        String(iat),
      );
    for (const nonce of ['', 'none', undefined, 'x'.repeat(24)])
      assert.equal(await refused(setting, token, await program.shows(token, { claims: { nonce } })), 'dpop_nonce');
    const kept = await program.shows(token);
    house.clock.advance(121_000);
    const presented = presentedAs({ ...kept });
    assert.equal(await refused(setting, token, presented), 'dpop_nonce');
    assert.notEqual(presented.told.get('dpop-nonce'), undefined);
    assert.match(presented.told.get('www-authenticate') ?? '', /use_dpop_nonce/);
  });

  test(`${name}: after a restart no proof of before is good, though nobody remembers it`, async () => {
    const setting = await setUp();
    const shown = await setting.program.shows(setting.token);
    await setting.house.tokens.authenticate(setting.token, shown);
    const answer = await setting.house.again().tokens.authenticate(setting.token, shown);
    assert.deepEqual(answer, { refused: 'dpop_nonce' });
  });

  test(`${name}: algorithms and keys anybody could sign with are refused`, async () => {
    const setting = await setUp();
    const { program, token } = setting;
    const { key } = program;
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
    const shows = async (change: Parameters<Program['shows']>[1]): Promise<string> =>
      refused(setting, token, await program.shows(token, change));
    assert.equal(await shows({ header: { alg: 'HS256' }, signedBy: secret }), 'dpop_algorithm');
    assert.equal(
      await shows({
        header: { alg: 'HS256', jwk: { kty: 'oct', k: Buffer.from(secret).toString('base64url') } },
        signedBy: secret,
      }),
      'dpop_algorithm',
    );
    assert.equal(await shows({ header: { jwk: await exportJWK(key.privateKey) } }), 'dpop_key');
    assert.equal(await shows({ header: { jwk: undefined, kid: 'known' } }), 'dpop_key');
    assert.equal(await shows({ header: { typ: 'JWT' } }), 'dpop_malformed');
    const other = await newKey();
    assert.equal(await shows({ signedBy: other.privateKey }), 'dpop_signature');
    const [, payload = ''] = (await program.shows(token)).proofs[0]?.split('.') ?? [];
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })).toString('base64url');
    assert.equal(
      await refused(
        setting,
        token,
        presentedAs({ method: 'GET', path: '/v1/alerts', scheme: 'dpop', proofs: [`${none}.${payload}.`] }),
      ),
      'dpop_algorithm',
    );
  });

  test(`${name}: at the token endpoint a proof is good once, and none is used up by who did not prove who they are`, async () => {
    const { house, program, grant } = await setUp();
    const request = await program.asks(grant);
    const stranger = { ...request, form: new Map([...request.form, ['client_secret', 'sps_wrong']]) };
    assert.match(await refusalOf(house.service.token(stranger)), /^invalid_client/);
    assert.equal(await refusalOf(house.service.token(request)), 'none');
    assert.equal(await refusalOf(house.service.token(request)), 'invalid_dpop_proof/dpop_replayed');
  });

  test(`${name}: an account that must bind its tokens gets none that anybody may use; one that need not gets a bearer`, async () => {
    const { house, program, grant } = await setUp();
    assert.equal(
      await refusalOf(house.service.token(await program.asks(grant, { proofs: [] }))),
      'invalid_request/binding_missing',
    );
    const { account, secret } = await newService(house, { boundOnly: false });
    const free = { grant_type: 'client_credentials', client_id: account.id, client_secret: secret };
    const answer = await house.service.token(await program.asks(free, { proofs: [] }));
    assert.equal(answer.token_type, 'Bearer');
    const shown = presentedAs({ method: 'GET', path: '/v1/alerts' });
    assert.ok('kind' in (await house.tokens.authenticate(answer.access_token, shown)));
    // One that is not bound is not made to look so either.
    assert.deepEqual(await house.tokens.authenticate(answer.access_token, await program.shows(answer.access_token)), {
      refused: 'token_unbound',
    });
  });
});

test('the memory of proofs refuses when it is full instead of forgetting one that is still good', () => {
  let nowMs = 0;
  const seen = createSeenProofs({ clock: { monotonicMs: () => nowMs }, max: 3 });
  for (const jti of ['a', 'b', 'c']) assert.equal(seen.use('key', jti), true);
  assert.equal(seen.use('key', 'd'), 'full');
  assert.equal(seen.use('key', 'a'), false);
  nowMs = 120_000;
  assert.equal(seen.use('key', 'd'), true);
});

test('whatever a proof is made of, it is refused and nothing else', async () => {
  const clock = { monotonicMs: () => 0 };
  const nonces = createDpopNonces({ clock, random: (length) => new Uint8Array(length) });
  const proofs = createDpopProofs({ nowMs: () => 0, nonces, seen: createSeenProofs({ clock, max: 10 }) });
  const part = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc
      .object()
      .map((value) => Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk: value })).toString('base64url')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
      const answer = await proofs.check(presentedAs({ proofs: [parts.join('.')] }), randomUUID());
      assert.ok('refused' in answer);
    }),
    { numRuns: 200 },
  );
});
