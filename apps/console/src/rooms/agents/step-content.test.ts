import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepNotes } from './step-content.ts';

test('what was found in a step is said by kind and number', () => {
  assert.deepEqual(
    stepNotes(
      {
        secret_kinds: ['aws-key', 'password'],
        secret_count: 3,
        personal_kinds: ['email'],
        personal_count: 1,
        injection_signals: ['role-marker'],
        redacted: 3,
      },
      true,
    ),
    [
      { of: 'secret', words: '3 secrets (AWS key, password)' },
      { of: 'personal', words: '1 piece of personal data (e-mail)' },
      { of: 'secret', words: '3 kept back: the agent reads tokens' },
      { of: 'signal', words: 'Words meant for a machine (role marker). Weak evidence, nothing was decided by it' },
    ],
  );
  assert.deepEqual(stepNotes({ secret_kinds: 'x', secret_count: 'many', restored: 1, content_is_cut: true }, false), [
    { of: 'secret', words: '1 token put back for this call' },
    { of: 'cut', words: 'More went along than was looked at' },
  ]);
  assert.deepEqual(stepNotes({}, true), []);
});
