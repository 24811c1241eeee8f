import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsOf } from '../index.ts';
import { readAwkProgram } from './awk-program.ts';
import { readSedScript } from './sed-script.ts';

test('what awk writes to is told by what it reads as a text, not by what looks like one', () => {
  assert.deepEqual(readAwkProgram('{ print ">" > "a.txt"; print 2 >> "b.txt" }'), {
    isPlain: true,
    writes: ['a.txt', 'b.txt'],
  });
  assert.equal(readAwkProgram(String.raw`{ print > "a\057b" }`).isPlain, false);
  assert.equal(readAwkProgram('{ print 1,\n2 > f }').isPlain, false);
  assert.equal(readAwkProgram('/[/"]/ { print 1 | c } /"/').isPlain, false);
});

test('sed’s files are those behind its commands, with any mark and any flags', () => {
  assert.deepEqual(readSedScript('s_a_b_Mw /tmp/x; y').writes, ['/tmp/x; y']);
  assert.deepEqual(readSedScript(String.raw`\,x,Ie touch y`).commands, ['touch y']);
  assert.equal(readSedScript('s/a/b/me').isPlain, false);
  assert.equal(readSedScript('sxaxbxp').isPlain, false);
  assert.equal(readSedScript('/^a/,$!{s|b|c|2p;d}').isPlain, true);
});

test('code that is made to be read slowly is read', () => {
  const quotes = '\\"'.repeat(15_000);
  for (const command of [
    `valgrind ${Array.from({ length: 5000 }, (_, index) => `--track-a${index}`).join(' ')} ls`,
    `awk '{ x = "${quotes}'`,
    `node -p '"${quotes}'`,
    `awk '{${'print '.repeat(6000)}}'`,
    `sed '${'s/'.repeat(15_000)}'`,
  ])
    assert.ok(
      actionsOf(
        { tool: 'Bash', input: { command } },
        { harness: 'claude-code', cwd: '/w', workspace: ['/w'], home: '/h' },
      ).actions.length > 0,
    );
});
