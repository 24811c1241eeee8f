import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { CertificateError, openHttpChallenge, parseDirectoryUrl } from '../index.ts';

function ask(port: number, method: string, path: string, host: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { host }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the challenge’s listener answers the one question it was told, by name and token, and nothing else', async () => {
  const challenge = await openHttpChallenge({ host: '127.0.0.1', port: 0 });
  const path = '/.well-known/acme-challenge/token-1';
  challenge.offer('gate.example.test', 'token-1', 'token-1.thumb');
  assert.deepEqual(await ask(challenge.port, 'GET', path, 'gate.example.test'), { status: 200, text: 'token-1.thumb' });
  assert.equal((await ask(challenge.port, 'GET', path, 'Gate.Example.Test:80')).status, 200);
  for (const [method, asked, host] of [
    ['GET', path, 'other.example.test'],
    ['POST', path, 'gate.example.test'],
    ['GET', `${path}?x`, 'gate.example.test'],
    ['GET', `${path}/../token-1`, 'gate.example.test'],
    ['GET', '/.well-known/acme-challenge/', 'gate.example.test'],
    ['GET', '/', 'gate.example.test'],
    ['GET', '/v1/ready', 'gate.example.test'],
  ] as const) {
    assert.deepEqual(await ask(challenge.port, method, asked, host), { status: 404, text: '' }, `${method} ${asked}`);
  }
  await challenge.close();
  await assert.rejects(ask(challenge.port, 'GET', path, 'gate.example.test'), { code: 'ECONNREFUSED' });
});

test('a challenge port somebody has is said to be taken', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const address = squatter.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(openHttpChallenge({ host: '127.0.0.1', port }), { code: 'challenge_port_in_use' });
  squatter.close();
});

test('a directory is an https address without a password in it', () => {
  assert.equal(parseDirectoryUrl('https://acme.example.org/dir'), 'https://acme.example.org/dir');
  for (const text of [
    'http://acme.example.org',
    'ftp://x',
    'https://a:b@acme.example.org/',
    '',
    'x',
    `https://a/${'a'.repeat(600)}`,
  ])
    assert.throws(() => parseDirectoryUrl(text), { code: 'acme_directory_invalid' }, text);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.match(parseDirectoryUrl(text), /^https:\/\//);
      } catch (error) {
        assert.ok(error instanceof CertificateError);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
      }
    }),
  );
});
