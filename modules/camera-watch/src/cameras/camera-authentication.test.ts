import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDigestGate, type DigestOptions } from '@sallyport/testing/digest-gate';
import fc from 'fast-check';
import { strongestChallenge } from './authentication-challenge.ts';
import {
  createCameraAuthentication,
  createCameraMemory,
  digestAuthorization,
  type CameraMemory,
  type Credentials,
} from './camera-authentication.ts';

const credentials = { user: 'Mufasa', password: 'Circle of Life' };
const clientOf = (given: Credentials | undefined = credentials, memory: CameraMemory = createCameraMemory()) =>
  createCameraAuthentication({ credentials: given, random: (length) => new Uint8Array(length), memory });
const ask = { method: 'DESCRIBE', uri: 'rtsp://192.0.2.7/h264' };
const fresh = (nonce: string, more = ''): string => `Digest realm="r", nonce="${nonce}", qop="auth"${more}`;

function answerTo(header: string, given: { clientNonce: string; password: string; uri?: string }): string | undefined {
  const challenge = strongestChallenge([header]);
  assert.ok(challenge?.scheme === 'digest');
  const { clientNonce, password, uri = '/dir/index.html' } = given;
  const text = digestAuthorization({
    challenge,
    clientNonce,
    count: 1,
    method: 'GET',
    uri,
    credentials: { user: 'Mufasa', password },
  });
  return /response="([0-9a-f]+)"/.exec(text)?.[1];
}

test('the examples of RFC 7616 and of those before it are answered as they say', () => {
  const header = (algorithm: string): string =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
  const given = { clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', password: 'Circle of Life' };
  assert.equal(answerTo(header('MD5'), given), '8ca523f5e9506fed4657c9700eebdbec');
  assert.equal(answerTo(header('SHA-256'), given), '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
  const older = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
  const mufasa = { clientNonce: '0a4f113b', password: 'Circle Of Life' };
  assert.equal(answerTo(`${older}, qop="auth,auth-int"`, mufasa), '6629fae49393a05397450978507c4ef1');
  // RFC 2069 as its erratum 749 corrects it.
  assert.equal(answerTo(older, { ...mufasa, password: 'CircleOfLife' }), '1949323746fe6a43ef61f9606e7febea');
});

test('every kind of Digest is let in by a gate that was written apart, also with a new nonce now and then', () => {
  const kinds: readonly Omit<DigestOptions, 'credentials'>[] = [
    { algorithm: 'MD5' },
    { algorithm: 'MD5', isOld: true },
    { algorithm: 'MD5-sess' },
    { algorithm: 'SHA-256', nonceUses: 2 },
    { algorithm: 'SHA-256-sess', nonceUses: 1 },
    { algorithm: 'SHA-512-256' },
  ];
  for (const kind of kinds) {
    const password = 'sés\u4e2d"\\: x';
    const gate = createDigestGate({ ...kind, credentials: `admin:${password}` });
    const client = clientOf({ user: 'admin', password });
    for (let passed = 0, tries = 0; passed < 5; tries += 1) {
      assert.ok(tries < 15, JSON.stringify(kind));
      const challenge = gate.challenge({ ...ask, authorization: client.authorization(ask) });
      if (challenge === undefined) {
        client.accepted();
        passed += 1;
      } else assert.equal(client.refused([challenge]), undefined, JSON.stringify(kind));
    }
  }
});

test('a wrong password is tried once, and nonces that are always too old are not followed for ever', () => {
  const wrong = clientOf();
  assert.equal(wrong.authorization(ask), undefined);
  assert.equal(wrong.refused([fresh('n1')]), undefined);
  assert.match(wrong.authorization(ask) ?? '', /nc=00000001/);
  assert.equal(wrong.refused([fresh('n2')])?.code, 'camera_credentials_refused');
  const flooded = clientOf();
  let tries = 0;
  for (; flooded.refused([fresh(`n${tries}`, ', stale=true')]) === undefined; tries += 1) flooded.authorization(ask);
  assert.equal(tries, 2);
  const nobody = createCameraAuthentication({
    credentials: undefined,
    random: () => new Uint8Array(16),
    memory: createCameraMemory(),
  });
  assert.equal(nobody.refused([fresh('n')])?.code, 'camera_credentials_refused');
});

test('the password itself is not given to a camera that spoke Digest before, nor where Digest is offered too', () => {
  const memory = createCameraMemory();
  const client = clientOf(credentials, memory);
  assert.equal(client.refused([`Basic realm="r", ${fresh('n')}`]), undefined);
  assert.match(client.authorization(ask) ?? '', /^Digest /);
  client.accepted();
  assert.match(client.refused(['Basic realm="r"'])?.message ?? '', /in clear/);
  assert.match(client.authorization(ask) ?? '', /^Digest /);
  // Whoever stands in between can end the connection, and asks at the next.
  const next = clientOf(credentials, memory);
  assert.match(next.refused(['Basic realm="r"'])?.message ?? '', /in clear/);
  assert.equal(next.authorization(ask), undefined);
  assert.equal(next.refused([fresh('n')]), undefined);
  const basic = clientOf();
  assert.equal(basic.refused(['Negotiate abc==', 'Basic realm="r"']), undefined);
  assert.equal(basic.authorization(ask), `Basic ${Buffer.from('Mufasa:Circle of Life').toString('base64')}`);
});

test('the strongest of several challenges is taken, in one header or in many; what cannot be answered is left', () => {
  const of = (...values: readonly string[]): string | undefined => {
    const found = strongestChallenge(values);
    return found?.scheme === 'digest' ? found.algorithm : found?.scheme;
  };
  assert.equal(of(fresh('a'), fresh('b', ', algorithm=SHA-256')), 'sha256');
  assert.equal(of(`${fresh('a')}, Digest realm="r", nonce="b", algorithm=SHA-512-256`), 'sha512-256');
  assert.equal(of('Digest realm="r", nonce="n", qop="auth-int"', 'Basic realm="x, Digest y"'), 'basic');
  for (const value of ['', 'Digest', 'Digest realm="r"', 'Digest realm="r", nonce="n', fresh('n', ', algorithm=CRC32')])
    assert.equal(of(value), undefined, value);
  assert.equal(of(`Digest realm="${'x'.repeat(9000)}", nonce="n"`), undefined);
});

test('a camera hears the algorithm in its own spelling, none where it names none, and an empty parameter is none', () => {
  const answerOf = (challenge: string): string => {
    const client = clientOf();
    assert.equal(client.refused([challenge]), undefined, challenge);
    return client.authorization(ask) ?? '';
  };
  assert.match(answerOf(fresh('n', ', algorithm="md5"')), /algorithm=md5,/);
  assert.match(answerOf(fresh('n', ', algorithm=sha-256-Sess')), /algorithm=sha-256-Sess,/);
  assert.doesNotMatch(answerOf('Digest realm="r", nonce="n"'), /algorithm|qop|nc=/);
  assert.doesNotMatch(answerOf('Digest realm="r", nonce="n", algorithm="", qop=""'), /algorithm|qop|nc=/);
});

test('whatever is asked for, what is answered is one line that says nothing of the password', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'Digest realm="nonce,\\ =qop auth\r\n\u0000é'.split('')), maxLength: 200 }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), text, (values, nonce) => {
      const client = clientOf({ user: 'u', password: 'hunter2' });
      if (client.refused([...values, `Digest realm="r", nonce="${nonce}"`]) !== undefined) return;
      const answer = client.authorization(ask) ?? '';
      assert.doesNotMatch(answer, /[\u0000-\u001f\u007f]|[^\u0000-\u00ff]|hunter2/);
    }),
  );
});
