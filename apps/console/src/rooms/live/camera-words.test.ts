import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  momentTone,
  momentWords,
  objectsWords,
  tamperSentence,
  tamperWords,
  unwatchedWords,
  whereWords,
} from './camera-words.ts';

test('What is seen is counted in words, most first', () => {
  assert.equal(objectsWords({ car: 1, person: 2, dog: 0 }), '2 people, 1 car');
  assert.equal(objectsWords({}), '');
});

test('A moment says what, and where it is known where', () => {
  assert.equal(momentWords({ kind: 'appeared', label: 'person', zone: 'Yard' }), 'Person in Yard');
  assert.equal(momentWords({ kind: 'tampered', label: 'covered' }), 'Camera: covered');
  assert.equal(momentWords({ kind: 'offline' }), 'Camera went offline');
  assert.equal(momentWords({ kind: 'strange' }), 'Strange');
  assert.equal(momentTone({ kind: 'tampered', label: 'covered' }), 'tamper');
  assert.equal(momentTone({ kind: 'appeared', label: 'car' }), 'thing');
});

test('A tamper kind nobody foresaw is still told', () => {
  assert.equal(tamperWords('dazzled'), 'Dazzled');
  assert.equal(tamperWords('painted'), 'Painted');
  assert.match(tamperSentence('painted'), /painted/);
  assert.match(tamperSentence('black'), /covered, or the light went out/);
});

test('Of a camera that sends and is not watched yet that is said, and of others nothing', () => {
  assert.equal(unwatchedWords({ state: 'live', watched: 'learning' }), 'Not watched yet: learning the view');
  assert.match(unwatchedWords({ state: 'live', watched: 'unwatched' }) ?? '', /^Not watched: /);
  assert.equal(unwatchedWords({ state: 'live', watched: 'watched' }), undefined);
  assert.equal(unwatchedWords({ state: 'offline', watched: 'learning' }), undefined);
});

test('Place and site are told as far as they are known', () => {
  assert.equal(whereWords({ place: 'Yard', site: '' }), 'Yard');
  assert.equal(whereWords({ place: '', site: '' }), '');
});
