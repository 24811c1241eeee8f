import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeDeclaration, linesOf } from './declaration-words.ts';

test('a declaration of one’s own says what it lacks before it is sent, and that it takes the place of another', () => {
  const judge = (name: string, paths: string) => judgeDeclaration({ name, paths, taken: ['badge-ids'] });
  assert.deepEqual(judge('', ''), { isReady: false });
  assert.deepEqual(judge('locker-ids', 'unmapped.locker.owner\n\n **.locker[].owner '), { isReady: true });
  assert.match(judge('Locker Ids', 'a.b').text ?? '', /small letters/);
  for (const path of ['a..b', 'a b', '.a', 'actor.**', Array(13).fill('a').join('.')]) {
    assert.equal(judge('locker-ids', `a.b\n${path}`).isReady, false, path);
    assert.match(judge('locker-ids', path).text ?? '', /is no path/, path);
  }
  assert.match(judge('locker-ids', Array(41).fill('a').join('\n')).text ?? '', /At most 40/);
  assert.match(judge('badge-ids', 'a.b').text ?? '', /takes its place/);
  assert.deepEqual(linesOf(' a \r\n\nb'), ['a', 'b']);
});
