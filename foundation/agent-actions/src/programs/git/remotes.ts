import { addHost, addName, addPath } from '../../run/effects.ts';
import type { Invocation } from '../../run/run.ts';
import { shown } from '../../run/text.ts';
import type { Text } from '../../run/text.ts';
import { runScript } from '../start.ts';

/** A remote by its name stands in the repository's settings; by its address it may be anywhere. */
export function addRemote(
  invocation: Invocation,
  remote: Text | undefined,
  way: 'fetch' | 'send',
  sends: readonly string[] = [],
): void {
  const name = shown(remote?.text ?? 'origin');
  if (name.startsWith('ext::')) {
    const words = name
      .slice(5)
      .split(/(?<!%) /)
      .map((word) => `'${word.replaceAll('% ', ' ').replaceAll("'", `'\\''`)}'`);
    runScript({ text: words.join(' ') }, invocation);
    return;
  }
  if (/^[\w.-]+$/.test(name) && !/\.\w+$/.test(name)) {
    addName(
      invocation,
      'network',
      { of: 'setting', name: `git remote ${name}` },
      { why: sends.length > 0 ? `sends ${sends.join(', ')}` : undefined },
    );
    return;
  }
  if (remote === undefined) return;
  if (/^(?:[~/.]|file:)/.test(remote.text))
    addPath(
      invocation,
      way === 'send' ? 'write' : 'read',
      { ...remote, text: remote.text.replace(/^file:\/\//, '') },
      { isTree: true },
    );
  else addHost(invocation, remoteHost(remote), { way, sends });
}

export function remoteHost(remote: Text): Text {
  const scp = /^(?:[^/@:]+@)?([^/:]+):(?!\/\/)/.exec(remote.text);
  return scp === null ? remote : { ...remote, text: `ssh://${scp[1] ?? ''}` };
}
