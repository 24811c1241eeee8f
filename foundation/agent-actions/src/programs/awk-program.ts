// What a program of awk may do, told by reading it once, as awk reads it. Where two awks could read it differently it is not plain.

export type AwkProgram = { readonly isPlain: boolean; readonly writes: readonly string[] };

const notPlain: AwkProgram = { isPlain: false, writes: [] };
const maxLength = 16_384;

/** Anywhere, in texts and patterns too: what runs, reads or finds by name. */
const grave = /\b(?:system|getline|close|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|ARGV|ARGC)\b/;
/** Behind these a slash begins a pattern, or a division that is none in another awk. */
const keyword =
  /^(?:print|printf|return|in|else|do|exit|delete|case|default|next|nextfile|break|continue|func|function|while|if|for|switch|length|BEGIN|END|BEGINFILE|ENDFILE)$/;

/** Whether a pattern's brackets are closed where its mark stands, whoever reads them. */
export function hasClosedBrackets(pattern: string): boolean {
  return !pattern.replaceAll(/\\[\s\S]|\[(?!\^\])\^?(?:\[:\w{1,16}:\]|\\[^[\]\n]|[^[\]\\\n])+\]/g, '').includes('[');
}

/** Where the text or pattern that begins at `at` ends; -1 if it does not, or not on its line. */
export function endOf(text: string, at: number, mark: string): number {
  for (let index = at; index < text.length; index += 1) {
    const letter = text.charAt(index);
    if (letter === '\n' || letter === '\r') return -1;
    if (letter === mark) return index;
    if (letter === '\\') {
      index += 1;
      if (/^[\r\n]?$/.test(text.charAt(index))) return -1;
    }
  }
  return -1;
}

/** Whether a slash begins a pattern, by what stands before it; undefined where that is not certain. */
function beginsPattern(bare: string, rest: string): boolean | undefined {
  const last = bare.slice(-64);
  const before = last.trimEnd();
  if (last.slice(before.length).includes('\n') || (last.length === bare.length && before === '')) return true;
  if (/[~(,{;!&|}?:=]$/.test(before)) return true;
  if (before.endsWith(')')) return rest.split('\n', 1)[0]?.includes('/') === true ? undefined : false;
  if (/["\]$]$/.test(before)) return false;
  const word = /\w+$/.exec(before)?.[0];
  return word === undefined || word.length > 60 || keyword.test(word) ? undefined : false;
}

/** Whether a program of awk only computes and prints, or writes to files that it names plainly. */
export function readAwkProgram(program: string): AwkProgram {
  if (program.length > maxLength || grave.test(program)) return notPlain;
  let bare = '';
  const texts: string[] = [];
  for (let at = 0; at < program.length; at += 1) {
    const letter = program.charAt(at);
    if (letter === '\\' || letter === '@' || letter === '\r') return notPlain;
    if (letter === '#') {
      // A remark is read as if it were code, so nothing hides in it.
      const remark = /^[^\n]*/.exec(program.slice(at, at + 1024))?.[0] ?? '';
      if (!/^#[\w\s.,:()!?#-]*$/.test(remark) || remark.length > 1000) return notPlain;
      bare += ' ';
      continue;
    }
    const isPattern = letter === '/' ? beginsPattern(bare, program.slice(at + 1)) : false;
    if (isPattern === undefined) return notPlain;
    if (letter !== '"' && !isPattern) {
      bare += letter;
      continue;
    }
    const end = endOf(program, at + 1, letter);
    if (end === -1) return notPlain;
    const inner = program.slice(at + 1, end);
    if (isPattern && !hasClosedBrackets(inner)) return notPlain;
    if (!isPattern) texts.push(inner);
    bare += isPattern ? '0' : '""';
    at = end;
  }
  return readBare(bare, texts);
}

/** What is left when patterns are gone and texts are empty: pipes, and what `print` writes to. */
function readBare(bare: string, texts: readonly string[]): AwkProgram {
  if (bare.replaceAll('||', '').includes('|')) return notPlain;
  const writes: string[] = [];
  let text = 0;
  for (const statement of bare.split(/[;}]/)) {
    const from = text;
    const parts = statement.split('""');
    text += parts.length - 1;
    const start = statement.search(/\bprintf?\b/);
    if (start === -1 || !statement.slice(start).includes('>')) continue;
    const target = /^([^>]*?)>{1,2}[ \t]*""\s*$/.exec(statement.slice(start));
    const path = target === null ? undefined : texts[from + parts.length - 2];
    if (path === undefined || path === '' || path.includes('\\') || path.startsWith('/inet')) return notPlain;
    writes.push(path);
  }
  return { isPlain: true, writes };
}
