import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { platformWords } from './platform-words.ts';

test('A browser and its system are called as people call them', () => {
  for (const [userAgent, words] of [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36',
      'Chrome 156, Linux',
    ],
    [
      'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
      'Chrome 142, Android 16',
    ],
    [
      'Mozilla/5.0 (Linux; Android 16; SM-S938B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36',
      'Samsung Internet 29, Android 16',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1',
      'Safari 18.4, iPhone, iOS 18.4',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1',
      'Chrome 140, iPad, iPadOS 17.6',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      'Edge 141, Windows',
    ],
    ['Mozilla/5.0 (Android 15; Mobile; rv:144.0) Gecko/144.0 Firefox/144.0', 'Firefox 144, Android 15'],
  ] as const)
    assert.equal(platformWords(userAgent), words);
});

test('Whatever a browser calls itself, the words are short', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 5000, unit: 'binary' }), (userAgent) => {
      assert.ok(platformWords(userAgent).length <= 100);
    }),
  );
  assert.equal(platformWords('x'.repeat(5000)), 'x'.repeat(100));
  assert.ok(platformWords(`Chrome/${'9'.repeat(5000)}`).length <= 100);
});
