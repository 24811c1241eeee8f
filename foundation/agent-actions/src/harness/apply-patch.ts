import { addPath } from '../run/effects.ts';
import { effectOf, whereOf } from './call.ts';
import type { Call } from './call.ts';

/** Longer than any path is. */
const longestLine = 4096;

/**
 * The files that a patch of Codex changes (`*** Begin Patch`), or a unified diff; false where it is neither. Codex is lenient about spaces
 * around its marks, so we are. Each line is looked at in time linear to its length, whatever it holds.
 */
export function addPatch(call: Call, argument: string, text: string): boolean {
  let found = 0;
  let last = '';
  const isOwn = text.includes('*** Begin Patch');
  for (const line of text.split('\n')) {
    const plain = line.length > longestLine ? line : line.trim();
    const isMark = /^(?:\*\*\* |\+\+\+ |--- )/.test(plain);
    if (isMark && line.length > longestLine) {
      call.run.refuse('too_long', 'Cannot judge the patch: a line with a file name is too long', whereOf(argument, ''));
      continue;
    }
    const own = /^\*\*\* (Add|Update|Delete) File: (.+)$/.exec(plain);
    const moved = /^\*\*\* Move to: (.+)$/.exec(plain);
    const diff = /^(?:\+\+\+|---) (.+)$/.exec(plain);
    if (own !== null) {
      const path = own[2] ?? '';
      addPath(effectOf(call, argument, line), own[1] === 'Delete' ? 'delete' : 'write', { text: path });
      last = path;
      found += 1;
    } else if (moved !== null) {
      addPath(effectOf(call, argument, line), 'write', { text: moved[1] ?? '' });
      addPath(effectOf(call, argument, line), 'delete', { text: last });
    } else if (diff !== null && !isOwn) {
      // What stands behind a tab is a time.
      const path =
        (diff[1] ?? '')
          .split('\t')[0]
          ?.trimEnd()
          .replace(/^[ab]\//, '') ?? '';
      if (path !== '/dev/null') addPath(effectOf(call, argument, line), 'write', { text: path });
      found += 1;
    }
  }
  return found > 0;
}

/** `apply_patch <<'EOF'` with its patch, and nothing before, behind or expanded in it. */
export function isPatchAlone(text: string): boolean {
  const lines = text.split('\n');
  const mark = /^\s{0,10}apply_patch {1,4}<< {0,4}(?:'(\w{1,50})'|"(\w{1,50})") {0,10}$/.exec(lines[0] ?? '');
  const delimiter = mark?.[1] ?? mark?.[2];
  if (delimiter === undefined) return false;
  const end = lines.indexOf(delimiter, 1);
  return end > 0 && lines.slice(end + 1).every((line) => line.trim() === '');
}
