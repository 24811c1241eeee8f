import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { browserWords, spanWords, waysInWords } from './session-words.ts';

test('browsers are called what people call them, whatever they claim to be besides', () => {
  const told = {
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36':
      'Chrome 140 on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0':
      'Edge 140 on Windows',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0': 'Firefox 143 on Windows',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15':
      'Safari 18 on macOS',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1':
      'Safari 18 on iPhone',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36':
      'Chrome 140 on Android',
    'curl/8.5.0': 'curl/8.5.0',
    '': 'Unnamed program',
  };
  for (const [agent, words] of Object.entries(told)) assert.equal(browserWords(agent), words);
  fc.assert(fc.property(fc.string(), (agent) => browserWords(agent).length > 0 && browserWords(agent).length <= 80));
});

test('ways in and spans are told in words', () => {
  const nameOf = (id: string): string => id.toUpperCase();
  assert.equal(waysInWords(['password', 'totp'], nameOf), 'password and authenticator app');
  assert.equal(waysInWords(['passkey'], nameOf), 'passkey');
  assert.equal(waysInWords(['provider:okta', 'totp'], nameOf), 'OKTA and authenticator app');
  assert.equal(waysInWords(['password', 'totp', 'passkey'], nameOf), 'password, authenticator app and passkey');
  assert.deepEqual([25, 60, 720, 2880].map(spanWords), ['25 minutes', '1 hour', '12 hours', '2 days']);
});
