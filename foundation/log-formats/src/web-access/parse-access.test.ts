import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseWebAccess } from './index.ts';
import type { WebAccess } from './index.ts';

function read(line: string): WebAccess {
  const parsed = parseWebAccess(line);
  assert(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.value;
}
const common = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326';

test('the examples of the Apache documentation', () => {
  assert.deepEqual(read(common), {
    virtualHost: undefined,
    client: '127.0.0.1',
    identity: undefined,
    user: 'frank',
    time: {
      unixMs: Date.UTC(2000, 9, 10, 20, 55, 36),
      text: '10/Oct/2000:13:55:36 -0700',
      year: 'given',
      zone: 'given',
    },
    request: 'GET /apache_pb.gif HTTP/1.0',
    method: 'GET',
    target: '/apache_pb.gif',
    protocol: 'HTTP/1.0',
    status: 200,
    bytesSent: 2326,
    referrer: undefined,
    userAgent: undefined,
    rest: '',
  });
  const combined = read(`${common} "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)" 0.5 x`);
  assert.deepEqual(
    [combined.referrer, combined.userAgent, combined.rest],
    ['http://www.example.com/start.html', 'Mozilla/4.08 [en] (Win98; I ;Nav)', '0.5 x'],
  );
});

test('virtual hosts, missing sizes, requests that are none, users with spaces', () => {
  const virtual = read(
    'www.example.org:443 2001:db8::1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/2.0" 304 - "-" "curl/8"',
  );
  assert.deepEqual(
    [virtual.virtualHost, virtual.client, virtual.bytesSent, virtual.referrer, virtual.userAgent],
    ['www.example.org:443', '2001:db8::1', undefined, undefined, 'curl/8'],
  );
  const tls = read(String.raw`10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "\x16\x03\"" 400 0`);
  assert.deepEqual([tls.method, tls.request], [undefined, '\u0016\u0003"']);
  assert.equal(read('10.0.0.1 - a b [10/Oct/2000:13:55:36 +0000] "GET /a b HTTP/1.1" 401 5').user, 'a b');
  assert.equal(read('10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /a b HTTP/1.1" 401 5').target, '/a b');
});

test('a user name that imitates a line is a user name', () => {
  const line = read(
    String.raw`10.0.0.1 - x [10/Oct/2000:13:55:36 +0000] \x22GET /ok HTTP/1.1\x22 200 1 [11/Oct/2000:13:55:36 +0000] "GET /secret HTTP/1.1" 401 5`,
  );
  assert.deepEqual([line.target, line.status], ['/secret', 401]);
});

test('other lines are refused', () => {
  const code = (line: string): string => {
    const parsed = parseWebAccess(line);
    return parsed.ok ? 'ok' : parsed.code;
  };
  assert.equal(code('hello'), 'access_time');
  assert.equal(code('10.0.0.1 [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1'), 'access_client');
  assert.equal(code('10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1'), 'access_request');
  assert.equal(code('10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" x'), 'access_status');
  assert.equal(code('10.0.0.1 - - [32/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1'), 'access_time');
  assert.equal(code(' ['.repeat(40_000)), 'access_too_long');
});

test('fields come back, and any line gets an answer', () => {
  const path = fc.string({ unit: 'grapheme-ascii' }).filter((text) => !/["\\]/.test(text));
  fc.assert(
    fc.property(path, path, fc.integer({ min: 100, max: 599 }), (target, agent, status) => {
      const line = read(
        `10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] "GET /${target} HTTP/1.1" ${status} 7 "-" "x${agent}"`,
      );
      assert.deepEqual([line.target, line.userAgent, line.status], [`/${target}`, `x${agent}`, status]);
    }),
  );
  const piece = fc.oneof(
    fc.constantFrom('1.2.3.4 - - ', '[10/Oct/2000:13:55:36 +0000] ', '"', '\\', ' 200 ', '-', 'GET / HTTP/1.1'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      (pieces) => typeof parseWebAccess(pieces.join('')).ok === 'boolean',
    ),
    { numRuns: 1000 },
  );
});
