import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectRequest } from './personal-query.ts';
import { canErase, foundWords, requestWords, subjectWords } from './personal-words.ts';

const request: SubjectRequest = {
  id: '0011223344556677',
  kind: 'erasure',
  state: 'waiting',
  about: [
    { kind: 'user-name', value: 'mallory' },
    { kind: 'email', value: 'm@x.example' },
  ],
  reason: 'ticket 7',
  keys: 1,
  asked_at: '2026-11-22T12:00:00Z',
  asked_by: { id: 'u', name: 'Ada' },
  destruction: null,
  forgotten_entries: 0,
  ended_at: null,
};

test('an erased person is not named any more', () => {
  assert.equal(requestWords(request).title, 'Erasure: mallory, m@x.example');
  const erased = requestWords({ ...request, state: 'erased', about: null, forgotten_entries: 12 });
  assert.deepEqual(
    [erased.title, erased.text],
    ['Erasure: a person', 'Nothing that was sealed under these names gives them back. 12 entries forgotten.'],
  );
});

test('what is found says when there is more, and offers erasure only for what is sealed', () => {
  assert.match(foundWords({ entries: 10_000, complete: false }), /^More than /);
  assert.equal(foundWords({ entries: 1, complete: true }), '1 entry names this person in a declared field.');
  const subject = { kind: 'email' as const, value: 'a@b', subject_id: 'x', since: null, state: 'erased' as const };
  assert.equal(canErase({ subjects: [subject] }), false);
  assert.equal(canErase({ subjects: [subject, { ...subject, state: 'sealed' }] }), true);
  assert.equal(subjectWords({ ...subject, subject_id: null }), 'names nobody');
});
