import { addPath, addProgram } from '../run/effects.ts';
import { absolute } from '../run/files.ts';
import type { Invocation } from '../run/run.ts';
import { known, onlyText, shown, unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { readArguments } from './arguments.ts';

// What is copied or linked by name: `dd`, `ln`.

export function ddProgram(invocation: Invocation): Value {
  addProgram(invocation, { name: 'dd', classes: ['tool'], arguments: invocation.arguments });
  for (const text of invocation.arguments) {
    const found = /^(if|of)=([\s\S]*)$/.exec(text.text);
    if (found !== null) addPath(invocation, found[1] === 'if' ? 'read' : 'write', { ...text, text: found[2] ?? '' });
  }
  return [unknown('what "dd" copies')];
}

/** `ln -s`: what is behind the name is reached through it from now on. */
export function linkProgram(invocation: Invocation): Value {
  const { state } = invocation;
  const read = readArguments(
    { 'write-tree': '-t --target-directory', text: '-S --suffix' },
    invocation.arguments,
    false,
  );
  addProgram(invocation, { name: 'ln', classes: ['tool'], arguments: invocation.arguments });
  const [target, name] = read.operands;
  if (target === undefined) return [known('')];
  const base = /[^/]+\/*$/.exec(shown(target.text))?.[0] ?? '';
  const written = name ?? known(base);
  const isAbsolute = target.text.startsWith('/') || target.text.startsWith('~');
  addPath(invocation, 'read', target, { why: 'is reached through a link from now on' });
  addPath(invocation, 'write', written);
  const at = onlyText([written]);
  const leads = onlyText([target]);
  if (at !== undefined && leads !== undefined) {
    for (const cwd of state.cwds) {
      const place = absolute(at.replace(/\/+$/, ''), { ...state, cwds: [cwd] });
      const to =
        isAbsolute || read.flags.has('-s') || read.flags.has('--symbolic')
          ? leads
          : absolute(leads, { ...state, cwds: [cwd] });
      state.links.set(normal(place), to);
      if (name !== undefined && base !== '') state.links.set(normal(`${place}/${base}`), to);
    }
  }
  return [known('')];
}

function normal(path: string): string {
  const names: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') names.pop();
    else if (part !== '' && part !== '.') names.push(part);
  }
  return `/${names.join('/')}`;
}
