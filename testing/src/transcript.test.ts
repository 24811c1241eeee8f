import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, documentedCommands, parseTranscript } from './transcript.ts';

const text = `# A comment
-- a.json --
{"n":1}
--
doc sallyport send FILE
$ sallyport send a.json
= 1
> ^sent \\d+
! ^hint: x$
~ sallyport alerts
`;

test('a transcript holds files, commands and what must come of them', () => {
  const { files, steps } = parseTranscript(text);
  assert.deepEqual([...files], [['a.json', '{"n":1}\n']]);
  assert.deepEqual(
    steps.map(({ command, exitCode, eventually, documented }) => [command, exitCode, eventually, documented]),
    [
      ['sallyport send a.json', 1, false, ['sallyport send FILE']],
      ['sallyport alerts', 0, true, []],
    ],
  );
});

test('a wrong exit code, a missing line and lines in another order are differences; a line nobody understands is an error', () => {
  const [step] = parseTranscript('$ x\n> ^a$\n> ^b$\n').steps;
  assert.ok(step !== undefined);
  assert.deepEqual(differences(step, { code: 0, stdout: 'a\nx\nb\n', stderr: '' }), []);
  assert.equal(differences(step, { code: 2, stdout: 'b\na\n', stderr: '' }).length, 2);
  assert.throws(() => parseTranscript('$ x\n>missing the space\n'), SyntaxError);
  assert.throws(() => parseTranscript('> before any command\n'), SyntaxError);
});

test('the commands of a page are those in its code blocks, without their comments', () => {
  const page = 'Run `sallyport x`.\n```sh\n./sallyport send FILE   # a file\nnpm start\n```\n```json\n{}\n```\n';
  assert.deepEqual(documentedCommands(page), ['sallyport send FILE']);
});
