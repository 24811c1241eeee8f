import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signInNotice } from './sign-in-notice.ts';

const about = { userId: 'u-1', about: 'sign-in', signIn: '1-4711', words: ['First time with curl'] } as const;

test('the message says what is odd and where to answer, and holds nothing that answers by itself', () => {
  const { subject, text, key } = signInNotice(about, 'https://gate.example.org:8443');
  const said = text('Acme');
  assert.equal(subject, 'Was this sign-in you?');
  assert.match(said, /^Somebody signed in to Acme as you, and it is unlike you:\n\n- First time with curl\n/);
  assert.match(said, /At https:\/\/gate\.example\.org:8443\/settings\?tab=account&sign-in=1-4711 you can say/);
  assert.ok(key.includes('1-4711'));
  assert.ok(
    !signInNotice(about, undefined).text('Acme').includes('http'),
    'without an address for others there is no link',
  );
});

test('whatever a browser calls itself, there is one link in it, to this server, and no line of theirs', () => {
  const origin = 'https://gate.example.org';
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('x\r\nReply: y', 'see https://evil.example/x', 'hhttp://ttp://e', '\u202Eevil', 'www.www.evil'),
      ),
      fc.string(),
      (words, signIn) => {
        const said = signInNotice({ ...about, signIn, words: [words] }, origin).text('Acme');
        assert.deepEqual(said.match(/https?:\/\/[^\s]+/gi), [
          said.includes('&sign-in=')
            ? `${origin}/settings?tab=account&sign-in=${signIn}`
            : `${origin}/settings?tab=account`,
        ]);
        assert.equal(said.split('\n').length, signInNotice(about, origin).text('Acme').split('\n').length);
        assert.ok(!/[\r\u2028\u2029\u202E]/.test(said));
      },
    ),
  );
});
