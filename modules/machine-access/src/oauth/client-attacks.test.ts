// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 needs it, and takes it from there
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import {
  actionsOf,
  client,
  newKey,
  newProgram,
  newService,
  openHouse,
  origin,
  presentedAs,
  refusalOf,
  type House,
  type Key,
} from '../machine-access.fixture.ts';
import { assertionType } from './client-assertion.ts';
import { alternativeNames } from './client-certificate.ts';
import { OAuthError } from './oauth-error.ts';
import type { OAuthRequest } from './token-service.ts';

const form = (parameters: Readonly<Record<string, string>>): OAuthRequest['form'] =>
  new Map(Object.entries(parameters));
const asks = (parameters: Readonly<Record<string, string>>, more: Partial<OAuthRequest> = {}): OAuthRequest => ({
  form: form({ grant_type: 'client_credentials', ...parameters }),
  authorization: undefined,
  client,
  presented: presentedAs(),
  ...more,
});
const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

type AssertionChange = {
  readonly claims?: object;
  readonly header?: object;
  readonly signedBy?: CryptoKey | Uint8Array;
};

forEachDatabase((name, open) => {
  async function withKey(): Promise<{
    house: House;
    id: string;
    key: Key;
    assertion: (change?: AssertionChange) => Promise<OAuthRequest>;
  }> {
    const house = await openHouse(open);
    const { account, by } = await newService(house, { boundOnly: false });
    const key = await newKey();
    await house.accounts.addCredential({
      id: account.id,
      label: 'key',
      credential: { kind: 'public-key', jwk: { ...key.jwk, kid: 'one' } },
      by,
    });
    const assertion = async ({
      claims = {},
      header = {},
      signedBy = key.privateKey,
    }: AssertionChange = {}): Promise<OAuthRequest> => {
      const now = Math.floor(house.clock.nowMs() / 1000);
      const jwt = await new SignJWT({
        iss: account.id,
        sub: account.id,
        aud: origin,
        jti: randomUUID(),
        iat: now,
        exp: now + 60,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', ...header })
        .sign(signedBy);
      return asks({ client_assertion_type: assertionType, client_assertion: jwt });
    };
    return { house, id: account.id, key, assertion };
  }

  test(`${name}: an assertion lets an account in once, also after a restart, and for nobody else's server`, async () => {
    const { house, id, assertion } = await withKey();
    const request = await assertion();
    assert.match((await house.service.token(request)).access_token, /^st_/);
    assert.equal(await refusalOf(house.service.token(request)), 'invalid_client/assertion_replayed');
    assert.equal(await refusalOf(house.again().service.token(request)), 'invalid_client/assertion_replayed');
    assert.equal(
      await refusalOf(
        house.service.token(await assertion({ claims: { aud: `${origin}/oauth/token` }, header: { kid: 'one' } })),
      ),
      'none',
    );
    const now = Math.floor(house.clock.nowMs() / 1000);
    for (const [claims, why] of [
      [{ aud: 'https://other.example' }, 'audience'],
      [{ aud: [origin, 'https://other.example'] }, 'audience'],
      [{ aud: undefined }, 'audience'],
      [{ exp: now - 31 }, 'signature'],
      [{ exp: now + 3600 }, 'time'],
      [{ exp: undefined }, 'time'],
      [{ jti: undefined }, 'id'],
      [{ sub: 'somebody' }, 'subject'],
      [{ iss: id, sub: undefined }, 'subject'],
    ] as const)
      assert.equal(
        await refusalOf(house.service.token(await assertion({ claims }))),
        `invalid_client/assertion_${why}`,
        JSON.stringify(claims),
      );
  });

  test(`${name}: keys and algorithms are those registered, whatever an assertion says of itself`, async () => {
    const { house, key, assertion } = await withKey();
    const thief = await newKey();
    const publicText = new TextEncoder().encode(JSON.stringify(key.jwk));
    for (const change of [
      { signedBy: thief.privateKey },
      { signedBy: thief.privateKey, header: { jwk: thief.jwk } },
      { signedBy: thief.privateKey, header: { jku: 'https://evil.example/jwks', kid: 'one' } },
      { signedBy: thief.privateKey, header: { kid: '../../one' } },
      { signedBy: publicText, header: { alg: 'HS256' } },
      { header: { kid: 'two' } },
    ])
      assert.equal(await refusalOf(house.service.token(await assertion(change))), 'invalid_client/assertion_signature');
    const [, payload = ''] = (await assertion()).form.get('client_assertion')?.split('.') ?? [];
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const unsigned = asks({ client_assertion_type: assertionType, client_assertion: none });
    assert.equal(await refusalOf(house.service.token(unsigned)), 'invalid_client/assertion_signature');
  });

  test(`${name}: who is unknown, wrong, suspended or expired is told the same, and the ledger which`, async () => {
    const house = await openHouse(open);
    const { account, secret, by } = await newService(house, { boundOnly: false });
    const attempt = async (id: string, text: string): Promise<{ said: string; why: string }> => {
      const said = await house.service.token(asks({}, { authorization: basic(id, text) })).then(
        () => 'none',
        (error: unknown) => (error instanceof OAuthError ? `${error.status} ${error.message}` : String(error)),
      );
      return { said, why: await refusalOf(house.service.token(asks({ client_id: id, client_secret: text }))) };
    };
    assert.equal((await attempt(account.id, secret)).why, 'none');
    const answers = [
      await attempt('0000000000000000', secret),
      await attempt(account.id, `${secret.slice(0, -1)}!`),
      await attempt(account.id, ''),
    ];
    await house.accounts.suspend({ id: account.id, by });
    answers.push(await attempt(account.id, secret));
    assert.equal(
      new Set(
        answers
          .slice(0, 2)
          .concat(answers.slice(3))
          .map(({ said }) => said),
      ).size,
      1,
      JSON.stringify(answers),
    );
    assert.deepEqual(
      answers.map(({ why }) => why.split('/')[1]),
      ['client_unknown', 'secret_wrong', 'secret_wrong', 'service_suspended'],
    );
    const two = asks({ client_id: account.id, client_secret: secret }, { authorization: basic(account.id, secret) });
    assert.match(await refusalOf(house.service.token(two)), /^invalid_request/, 'in two ways at once');
  });

  test(`${name}: two secrets at a time, the one of before until its end; nothing of them is stored`, async () => {
    const house = await openHouse(open);
    const { account, secret, by } = await newService(house, { boundOnly: false });
    const good = async (text: string): Promise<boolean> =>
      (await refusalOf(house.service.token(asks({ client_id: account.id, client_secret: text })))) === 'none';
    const next = (
      await house.accounts.addSecret({ id: account.id, label: 'second', overlapMs: 60_000, by })
    ).secret.reveal();
    assert.deepEqual([await good(secret), await good(next)], [true, true]);
    await assert.rejects(house.accounts.addSecret({ id: account.id, label: 'third', by }), {
      code: 'service_credential_limit',
    });
    house.clock.advance(60_000);
    assert.deepEqual([await good(secret), await good(next)], [false, true]);
    const stored = JSON.stringify([await house.accounts.list(), house.events]);
    for (const text of [secret, next]) assert.ok(!stored.includes(text.slice(10)));
  });

  test(`${name}: strangers learn nothing by introspection and end nobody's token`, async () => {
    const house = await openHouse(open);
    const owner = await newService(house, { boundOnly: false });
    const stranger = await newService(house, { boundOnly: false });
    const warden = await newService(house, { boundOnly: false, scopes: ['users:read'] });
    const of = ({ account, secret }: typeof owner, more: Readonly<Record<string, string>> = {}): OAuthRequest =>
      asks({ client_id: account.id, client_secret: secret, ...more });
    const token = (await house.service.token(of(owner))).access_token;
    assert.equal((await house.service.introspect(of(owner, { token }))).active, true);
    assert.equal((await house.service.introspect(of(warden, { token }))).active, true);
    assert.deepEqual(await house.service.introspect(of(stranger, { token })), { active: false });
    // A right that a policy limits to some networks is none from elsewhere; what is one's own is one's own from anywhere.
    house.shutOut.add(client.address);
    assert.deepEqual(await house.service.introspect(of(warden, { token })), { active: false }, 'from elsewhere');
    assert.equal((await house.service.introspect(of(owner, { token }))).active, true);
    house.shutOut.clear();
    const gatekeeper = await newService(house, { boundOnly: false, scopes: ['alerts:read'], sites: ['gate'] });
    assert.deepEqual(await house.service.introspect(of(gatekeeper, { token })), { active: false }, 'of a site alone');
    // Nor by an account whose owner may not: a policy may have changed since, which suspends nothing.
    const ada = house.people.get('ada');
    assert.ok(ada);
    house.people.set('ada', { ...ada, scopes: ada.scopes.filter((scope) => scope !== 'users:read') });
    assert.deepEqual(await house.service.introspect(of(warden, { token })), { active: false }, 'nor their owner');
    house.people.set('ada', ada);
    assert.deepEqual(await house.service.introspect(of(stranger, { token: 'st_none' })), { active: false });
    await assert.rejects(house.service.introspect(asks({ token })));
    await assert.rejects(house.service.introspect(asks({ client_id: 'sallyport-cli', token })));
    await house.service.revoke(of(stranger, { token }));
    await house.service.revoke(asks({ client_id: 'sallyport-cli', token }));
    assert.equal((await house.service.introspect(of(owner, { token }))).active, true, 'still good');
    await house.service.revoke(of(owner, { token }));
    assert.equal((await house.service.introspect(of(owner, { token }))).active, false);
    assert.equal(actionsOf(house).filter((action) => action === 'token.revoke').length, 1);
  });

  test(`${name}: what ends or narrows an account ends and narrows its tokens with the next request`, async () => {
    const house = await openHouse(open);
    const { account, secret, by } = await newService(house, { boundOnly: false });
    const shown = presentedAs({ method: 'GET', path: '/v1/alerts' });
    const token = async (): Promise<string> =>
      (await house.service.token(asks({ client_id: account.id, client_secret: secret }))).access_token;
    const may = async (text: string): Promise<unknown> => {
      const answer = await house.tokens.authenticate(text, shown);
      return 'refused' in answer ? answer.refused : answer.scopes;
    };
    const first = await token();
    await house.accounts.change({ id: account.id, scopes: ['health:read'], by });
    assert.deepEqual(await may(first), ['health:read']);
    house.clock.advance(600_000);
    assert.equal(await may(first), 'token_expired');
    const second = await token();
    const ended = await house.database.transaction().execute((transaction) =>
      house.accounts.suspendAllOf(transaction, {
        makerId: 'ada',
        allowed: ['alerts:read'],
        by: house.inBrowser('gus'),
      }),
    );
    assert.equal(ended, 1);
    assert.equal(await may(second), 'token_unknown');
    assert.equal(await refusalOf(token()), 'invalid_client/service_suspended');
    const resumed = await house.accounts.resume({ id: account.id, by });
    assert.equal(resumed.suspendedAtMs, undefined);
    house.people.set('ada', { name: 'Ada', scopes: [], settledAtMs: 0, isActive: false });
    assert.equal(await refusalOf(token()), 'invalid_client/owner_unfit');
  });

  test(`${name}: nobody gives an account more than they and its owner have, or comes in as one that has more`, async () => {
    const house = await openHouse(open);
    const { account } = await newService(house, { scopes: ['users:read'] });
    const gus = house.inBrowser('gus');
    const widened = { code: 'service_grant_widened' };
    await assert.rejects(house.accounts.create({ name: 'a', scopes: ['users:read'], by: gus }), widened);
    await assert.rejects(house.accounts.addSecret({ id: account.id, label: 'mine', by: gus }), widened);
    await assert.rejects(house.accounts.change({ id: account.id, scopes: ['alerts:read'], by: gus }), widened);
    await assert.rejects(house.accounts.change({ id: account.id, ownerId: 'gus', by: gus }), widened);
    await assert.rejects(
      house.accounts.create({ name: 'a', scopes: ['users:read'], ownerId: 'gus', by: house.inBrowser('ada') }),
      { code: 'service_owner_unfit' },
    );
    const key = { kind: 'key', id: 'k', name: 'k', scopes: ['users:read', 'keys:manage'] } as const;
    await assert.rejects(
      house.accounts.create({ name: 'a', scopes: ['users:read'], ownerId: 'ada', by: key }),
      widened,
    );
    await assert.rejects(
      house.accounts.addSecret({ id: account.id, label: 'mine', by: { ...key, kind: 'service' } }),
      widened,
    );
    for (const [change, code] of [
      [{ name: ' ' }, 'service_invalid'],
      [{ name: 'a\u001b[2J' }, 'service_invalid'],
      [{ scopes: ['users:*'] }, 'service_scope_unknown'],
      [{ scopes: [] }, 'service_scope_unknown'],
      [{ sites: [] }, 'service_invalid'],
      [{ expiresAtMs: house.clock.nowMs() }, 'service_invalid'],
    ] as const)
      await assert.rejects(
        house.accounts.create({ name: 'a', scopes: ['alerts:read'], ...change, by: house.inBrowser('ada') }),
        { code },
      );
  });
});

const at = (ms: number): Date => new Date(ms);
const startMs = 1_800_000_000_000;

async function certificate(options: {
  readonly subject: string;
  readonly issuer?: { readonly certificate: x509.X509Certificate; readonly keys: webcrypto.CryptoKeyPair };
  readonly isAuthority?: boolean;
  readonly san?: x509.JsonGeneralNames;
  readonly notAfterMs?: number;
  readonly usage?: string;
}) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.X509CertificateGenerator.create({
    subject: options.subject,
    issuer: options.issuer?.certificate.subject ?? options.subject,
    publicKey: keys.publicKey,
    signingKey: (options.issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    notBefore: at(startMs - 60_000),
    notAfter: at(options.notAfterMs ?? startMs + 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(options.isAuthority === true),
      ...(options.san === undefined ? [] : [new x509.SubjectAlternativeNameExtension(options.san)]),
      ...(options.usage === undefined ? [] : [new x509.ExtendedKeyUsageExtension([options.usage])]),
    ],
  });
  return { certificate: made, keys, pem: made.toString('pem'), der: new Uint8Array(made.rawData) };
}

forEachDatabase((name, open) => {
  test(`${name}: a client certificate is the one registered, or one its authority named; the token needs the same one`, async () => {
    const house = await openHouse(open);
    const { account, by } = await newService(house);
    const own = await certificate({ subject: 'CN=own' });
    const authority = await certificate({ subject: 'CN=Authority', isAuthority: true });
    await house.accounts.addCredential({
      id: account.id,
      label: 'own',
      credential: { kind: 'certificate', pem: own.pem },
      by,
    });
    const named = { type: 'san_dns', value: 'svc.example' } as const;
    await house.accounts.addCredential({
      id: account.id,
      label: 'named',
      credential: { kind: 'certificate-name', authorityPem: authority.pem, name: named },
      by,
    });
    const asksWith = (der: Uint8Array): OAuthRequest =>
      asks({ client_id: account.id }, { presented: presentedAs({ certificate: der }) });
    const shows = (der: Uint8Array) => presentedAs({ method: 'GET', path: '/v1/alerts', certificate: der });
    const token = (await house.service.token(asksWith(own.der))).access_token;
    assert.ok('kind' in (await house.tokens.authenticate(token, shows(own.der))));
    const san = [{ type: 'dns', value: 'svc.example' }] as const;
    const issued = await certificate({ subject: 'CN=svc', issuer: authority, san: [...san] });
    assert.match((await house.service.token(asksWith(issued.der))).access_token, /^st_/);
    assert.deepEqual(await house.tokens.authenticate(token, shows(issued.der)), { refused: 'certificate_other' });
    assert.deepEqual(await house.tokens.authenticate(token, presentedAs({ method: 'GET', path: '/v1/alerts' })), {
      refused: 'certificate_missing',
    });
    const program = await newProgram(house);
    assert.deepEqual(await house.tokens.authenticate(token, await program.shows(token)), { refused: 'token_unbound' });
    const impostor = await certificate({ subject: 'CN=Authority', isAuthority: true });
    for (const other of [
      await certificate({ subject: 'CN=own' }),
      await certificate({ subject: 'CN=svc', san: [...san] }),
      await certificate({ subject: 'CN=svc', issuer: impostor, san: [...san] }),
      await certificate({ subject: 'CN=svc', issuer: authority, san: [{ type: 'dns', value: 'other.example' }] }),
      await certificate({ subject: 'CN=svc.example', issuer: authority }),
      await certificate({
        subject: 'CN=svc',
        issuer: authority,
        san: [{ type: 'url', value: 'https://x/, DNS:svc.example' }],
      }),
      await certificate({ subject: 'CN=svc', issuer: authority, san: [...san], notAfterMs: startMs - 1 }),
      await certificate({ subject: 'CN=svc', issuer: authority, san: [...san], usage: '1.3.6.1.5.5.7.3.1' }),
      await certificate({ subject: 'CN=svc', issuer: authority, san: [...san], isAuthority: true }),
    ])
      assert.equal(
        await refusalOf(house.service.token(asksWith(other.der))),
        'invalid_client/certificate_other',
        other.certificate.subject,
      );
  });

  test(`${name}: credentials that show too much or too little are not taken`, async () => {
    const house = await openHouse(open);
    const { account, by } = await newService(house);
    const key = await newKey();
    const leaf = await certificate({ subject: 'CN=leaf' });
    const old = await certificate({ subject: 'CN=old', notAfterMs: startMs - 1 });
    const name_ = { type: 'subject', value: 'CN=x' } as const;
    for (const credential of [
      { kind: 'public-key', jwk: { ...key.jwk, d: 'AA' } },
      { kind: 'public-key', jwk: { kty: 'oct', k: 'AAAA' } },
      { kind: 'public-key', jwk: { ...key.jwk, x: 'AA' } },
      { kind: 'public-key', jwk: { ...key.jwk, alg: 'RS256' } },
      { kind: 'public-key', jwk: { kty: 'RSA', n: Buffer.alloc(128, 255).toString('base64url'), e: 'AQAB' } },
      { kind: 'public-key', jwk: [key.jwk] },
      { kind: 'certificate', pem: 'nothing' },
      { kind: 'certificate', pem: old.pem },
      { kind: 'certificate', pem: `${leaf.pem}\n-----BEGIN PRIVATE KEY-----` },
      { kind: 'certificate-name', authorityPem: leaf.pem, name: name_ },
    ] as const)
      await assert.rejects(
        house.accounts.addCredential({ id: account.id, label: 'x', credential, by }),
        { code: 'service_credential_invalid' },
        JSON.stringify(credential),
      );
  });
});

test('a name that holds another name is one name', () => {
  assert.deepEqual(
    alternativeNames({ subjectAltName: 'DNS:a.example, URI:"https://x/, DNS:evil", DNS:b.example' }, 'DNS'),
    ['a.example', 'b.example'],
  );
  assert.deepEqual(alternativeNames({ subjectAltName: 'URI:"a\\"b"' }, 'URI'), ['a"b']);
});
