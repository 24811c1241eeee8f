import { addHost, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { shown, unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

// Keys, and stores of secrets.

export function sshKeygenProgram(invocation: Invocation): Value {
  const read = readArguments(
    invocation.name === 'ssh-add'
      ? { text: '-t -E -H -h -d', execute: '-s -e -S' }
      : { read: '-f -s -I', text: '-t -b -C -N -P -m -n -O -z -V -Y', execute: '-D -w' },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  const isReading = ['-y', '-l', '-e', '-F', '-L', '-B'].some((flag) => read.flags.has(flag));
  for (const { role, text } of read.values) {
    if (role === 'execute') addPath(invocation, 'execute', text, { doubt: 'unknown_until_run' });
    else if (role === 'read') addPath(invocation, isReading ? 'read' : 'write', text);
  }
  for (const text of read.operands) addPath(invocation, 'read', text);
  return [unknown('a key')];
}

/** Stores of secrets, asked by name. */
export function secretProgram(invocation: Invocation): Value {
  const { name, arguments: given } = invocation;
  addProgram(invocation, { name, classes: ['tool'], arguments: given });
  invocation.run.add(
    {
      kind: 'secret',
      target: { kind: 'name', of: 'tool', name: [name, ...given.slice(0, 4).map(({ text }) => shown(text))].join(' ') },
      isCertain: true,
      why: 'asks a store of secrets',
    },
    invocation.where,
  );
  return [unknown('a secret')];
}

/** `gpg`: what it reads and writes, and secret keys it gives away. */
export function gpgProgram(invocation: Invocation): Value {
  const read = readArguments(
    {
      write: '-o --output',
      text: '-r --recipient -u --local-user --homedir --keyserver --passphrase',
      read: '--passphrase-file',
    },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: invocation.name, classes: ['tool'], arguments: invocation.arguments });
  for (const { role, text } of read.values)
    if (role !== 'text') addPath(invocation, role === 'write' ? 'write' : 'read', text);
  const isSecret = [...read.flags].some((flag) => /^--(?:export-secret|delete-secret)/.test(flag));
  if (isSecret) return secretProgram(invocation);
  if ([...read.flags].some((flag) => /^--(?:send-keys|recv-keys|search-keys|refresh-keys)$/.test(flag)))
    addHost(invocation, unknown('a key server'), { way: 'send' });
  else for (const text of read.operands) addPath(invocation, 'read', text);
  return [unknown('what "gpg" prints')];
}
