import { addPath } from '../run/effects.ts';
import { effectOf } from './call.ts';
import type { Call } from './call.ts';

/** The files that a patch of Codex changes (`*** Begin Patch`), or a unified diff; false where it is neither. */
export function addPatch(call: Call, argument: string, text: string): boolean {
  let found = 0;
  let last = '';
  for (const line of text.split('\n')) {
    const own = /^\*\*\* (Add|Update|Delete) File: (.+?)\s*$/.exec(line);
    const moved = /^\*\*\* Move to: (.+?)\s*$/.exec(line);
    const diff = /^(?:\+\+\+|---) (?:[ab]\/)?([^\t\n]+?)\s*(?:\t.*)?$/.exec(line);
    if (own !== null) {
      const path = own[2] ?? '';
      addPath(effectOf(call, argument, line), own[1] === 'Delete' ? 'delete' : 'write', { text: path });
      last = path;
      found += 1;
    } else if (moved !== null) {
      addPath(effectOf(call, argument, line), 'write', { text: moved[1] ?? '' });
      addPath(effectOf(call, argument, line), 'delete', { text: last });
    } else if (diff !== null && !text.includes('*** Begin Patch')) {
      if (diff[1] !== '/dev/null') addPath(effectOf(call, argument, line), 'write', { text: diff[1] ?? '' });
      found += 1;
    }
  }
  return found > 0;
}
