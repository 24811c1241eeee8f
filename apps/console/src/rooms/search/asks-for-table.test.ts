import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForTable, eventsPart } from './asks-for-table.ts';

test('a stroke by itself makes a table of the events before it; in quotes or a word it is text', () => {
  assert.equal(eventsPart('class:3002 -user:bob | count by user'), 'class:3002 -user:bob');
  assert.equal(eventsPart('| top 5 host'), '');
  for (const query of ['"a | b"', 'cmd:"x \\" | y"', 'a|b', 'user:ada']) {
    assert.equal(asksForTable(query), false, query);
    assert.equal(eventsPart(query), query);
  }
  assert.equal(eventsPart('cmd:"a | b" | count'), 'cmd:"a | b"');
});
