import { addHost, addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { isKnown, shown } from '../run/text.ts';
import type { Text } from '../run/text.ts';
import { endOf } from './awk-program.ts';
import { runScript } from './start.ts';

/** Words of a language that only compute, or read what is piped in. Code of nothing else is certain to do nothing. */
const harmlessWords: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'python',
    new Set(
      'import from as print len range str int float bool list dict set tuple sorted sum min max abs round enumerate zip map filter any all for in if else elif not and or is None True False lambda json sys re math datetime random collections statistics itertools string textwrap uuid time loads dumps load stdin argv version version_info read readline readlines split join strip lower upper replace get keys values items append format indent hex oct bin ord chr now today isoformat strftime match search findall sub sqrt pi platform exit stderr file end sep key reverse while pass rstrip lstrip startswith endswith data row line result Counter most_common executable path maxsize'.split(
        ' ',
      ),
    ),
  ],
  [
    'node',
    new Set(
      'console log JSON stringify parse Math max min floor round random PI Date now toISOString process version versions argv platform arch exit const let var of in for if else new Array from map filter reduce join split length slice toString Number String Object keys values entries trim parseInt parseFloat true false null undefined node v8 includes startsWith indexOf sort push'.split(
        ' ',
      ),
    ),
  ],
]);

const familyOf: ReadonlyMap<string, string> = new Map([
  ['python', 'python'],
  ['node', 'node'],
  ['deno', 'node'],
  ['bun', 'node'],
  ['tsx', 'node'],
]);

const maxLength = 32_768;
/** Longer code is not looked at so closely that it could be told to only compute. */
const maxComputing = 4096;

/**
 * Code of another language in an argument. It is not understood, so it is never certain, except where every word of it is known to only
 * compute; commands, paths and addresses that stand in it as texts are told, so that policy can see them.
 */
export function addForeignCode(invocation: Invocation, code: Text): void {
  const text = shown(code.text).slice(0, maxLength);
  const family = familyOf.get(invocation.name.replace(/[\d.]+$/, ''));
  const isHarmless =
    isKnown(code) && code.text.length <= maxComputing && family !== undefined && onlyComputes(text, family);
  addProgram(
    invocation,
    { name: invocation.name, classes: ['interpreter'], arguments: invocation.arguments },
    isHarmless ? {} : { doubt: 'foreign_code', why: `code for ${invocation.name} that is not understood` },
  );
  if (isHarmless) {
    for (const [, , path = ''] of text.matchAll(/\b(?:open|require)\((["'])([^"'\\]+)\1\)/g))
      if (/[./]/.test(path)) addPath(invocation, 'read', { text: path });
    return;
  }
  const doubt = 'foreign_code';
  const writes = /\bw[b+]?['"]|\bwrite|['"]a[b+]?['"]|>\s*['"]|\bcopy|\brename|\bmove|\bsymlink|\bchmod|\bmkdir/i.test(
    text,
  );
  const deletes = /\bunlink|\bremove|\brmtree|\brmSync|\brm\(|\brmdir|\bdelete\b/i.test(text);
  for (const inner of stringsOf(text).slice(0, 64)) {
    const value: Text = { text: inner };
    const isUrl = /^[a-z][a-z0-9+.-]*:\/\/[^\s]+$/i.test(inner);
    if (isUrl) addHost(invocation, value, { way: /post|send|put|upload/i.test(text) ? 'send' : 'fetch', doubt });
    else if (/^(?:~|\.{0,2}\/|\.)[^\s:*;|&<>]*[a-z0-9_]/i.test(inner) && inner.length < 512) {
      addPath(invocation, 'read', value, { doubt });
      if (writes) addPath(invocation, 'write', value, { doubt });
      if (deletes) addPath(invocation, 'delete', value, { doubt, isTree: true });
    }
  }
  if (
    !/\b(?:system|popen|\w*exec\w*|spawn\w*|passthru|proc_open|subprocess|child_process|qx|shell|run|Command|backtick)\b|`/.test(
      text,
    )
  )
    return;
  for (const inner of commandsOf(text).slice(0, 16)) runScript({ text: inner }, invocation);
}

function onlyComputes(text: string, family: string): boolean {
  const words = harmlessWords.get(family);
  if (words === undefined || /\bf["']|`|\\x|\\u|\$\{|__|\bat\b|constr|uctor|proto|mainModule|\bcaller\b/.test(text))
    return false;
  const held = text
    .replaceAll(/\brequire\((["'])\.{1,2}\/[\w./-]+\.json\1\)/g, 'd')
    .replaceAll(/\bjson\.load\(open\((["'])[\w./-]+\1\)\)/g, 'd');
  const named = /(?:^|[\s;,])(?:const |let |var )?([A-Za-z_]\w*)\s*=\s*d\b/.exec(held)?.[1] ?? 'd';
  // What a file of data holds under a name is data, as long as it is not called.
  const bare = withoutTexts(
    held
      .replaceAll(new RegExp(`\\b(?:d|${named})(?:\\??\\.\\w+)+(?!\\s*[\\w(])`, 'g'), 'd')
      .replaceAll(new RegExp(`\\b${named}\\b`, 'g'), 'd'),
  );
  // Between marks of a pattern or a remark a quote begins no text.
  if (bare === undefined || /"""|'''/.test(text) || (family === 'node' && bare.includes('/'))) return false;
  // What is found by a name that is put together, and then called, may be anything.
  if (/[\])]\s*\(|\b[A-Za-z]\s*\(/.test(bare)) return false;
  if (family === 'node' && /\\[0-7\n]/.test(text)) return false;
  if (family === 'node' && /[\w$)\]]\s*\[(?!\s*(?:-?\d+|'')\s*\])/.test(bare)) return false;
  return (bare.match(/[A-Za-z_$][\w$]*/g) ?? []).every((word) => word.length === 1 || words.has(word));
}

/** Code with its texts emptied; undefined where one does not end on its line, so that it is not certain what is code. */
function withoutTexts(code: string): string | undefined {
  let bare = '';
  for (let at = 0; at < code.length; at += 1) {
    const letter = code.charAt(at);
    if (letter !== '"' && letter !== "'") {
      bare += letter;
      continue;
    }
    const end = endOf(code, at + 1, letter);
    if (end === -1) return undefined;
    bare += "''";
    at = end;
  }
  return bare;
}

function stringsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.){0,1024})"|'((?:[^'\\]|\\.){0,1024})'|`([^`]{0,2048})`/g)].map(
    ([, a, b, c]) => a ?? b ?? c ?? '',
  );
}

/** Texts that are handed to a shell: the first argument of what runs commands, joined where it is a list. */
function commandsOf(text: string): string[] {
  const calls =
    /\b(?:system|popen|\w{0,32}exec\w{0,32}|spawn\w{0,32}|passthru|proc_open|run|call|check_output|check_call|Popen|qx|getoutput|shell)\s{0,64}[({]?\s{0,64}(\[[^\]]{0,2048}\]|"(?:[^"\\]|\\.){0,2048}"(?:\s{0,64},\s{0,64}\[[^\]]{0,2048}\])?|'(?:[^'\\]|\\.){0,2048}'(?:\s{0,64},\s{0,64}\[[^\]]{0,2048}\])?|`[^`]{0,2048}`)/g;
  const found = [...text.matchAll(calls)].map(([, argument = '']) => stringsOf(argument).join(' '));
  const ticks = [...text.matchAll(/`([^`]{1,2048})`/g)].map(([, inner = '']) => inner);
  return [...new Set([...found, ...ticks])].filter((command) => command.trim() !== '');
}
