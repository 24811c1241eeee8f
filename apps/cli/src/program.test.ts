import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './testing/run-cli.ts';

test('a command that is loaded alone says the same as among all of them', async () => {
  const all = await run(['--help']);
  const names = [...all.stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name ?? '');
  assert.ok(names.length >= 20 && names.includes('completion'), names.join(' '));
  for (const name of names.filter((one) => one !== 'help')) {
    const alone = await run([name, '--help']);
    assert.deepEqual([alone.exitCode, alone.stderr], [0, ''], name);
    assert.match(alone.stdout, new RegExp(`^Usage: \\S+ ${name} `));
    assert.equal(alone.stdout, (await run(['help', name])).stdout);
  }
});

test('what is mistyped is compared with every command, and completion knows every command', async () => {
  const mistyped = await run(['vualt']);
  assert.equal(mistyped.exitCode, 2);
  assert.match(mistyped.stderr, /vault/);
  const { stdout } = await run(['completion', 'bash']);
  for (const name of ['send', 'vault', 'completion']) assert.match(stdout, new RegExp(`words='[^']*\\b${name}\\b`));
});
