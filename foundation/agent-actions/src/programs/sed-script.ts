import { endOf, hasClosedBrackets } from './awk-program.ts';

// What a script of sed may do, told by reading it once, as sed reads it.

export type SedScript = {
  readonly isPlain: boolean;
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly commands: readonly string[];
};

/** Marks around a pattern that read alike everywhere. */
const mark = /^[/|,:;#@!%~=_<>"'-]$/;
const address = /(?:\d+(?:~\d+)?|\$)/y;
const maxLength = 16_384;

/** `s/a/b/w file`, `r file`, `e command`: what a script names, and whether it is wholly understood and runs nothing. */
export function readSedScript(script: string): SedScript {
  const writes: string[] = [];
  const reads: string[] = [];
  const commands: string[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(script)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const part = (sign: string, isPattern: boolean): boolean => {
    const end = endOf(script, at, sign);
    if (end === -1 || (isPattern && !hasClosedBrackets(script.slice(at, end)))) return false;
    at = end + 1;
    return true;
  };
  const isAddress = (): boolean => {
    if (take(address) !== undefined) return true;
    const sign = script.startsWith('/', at) ? '/' : script.charAt(at + 1);
    at += sign === '/' && script.startsWith('/', at) ? 1 : 2;
    if (!mark.test(sign) || !part(sign, true)) return false;
    take(/[IM]*/);
    return true;
  };
  const line = (): string => (take(/[^\n]*/) ?? '').trim();
  const isEnd = (): boolean => take(/[ \t]*(?:[;\n]|(?=[}#])|$)/) !== undefined;
  /** Whether the command, with its addresses, is one that is understood. */
  const isCommand = (): boolean => {
    if (/^[\d$/\\]$/.test(script.charAt(at))) {
      if (!isAddress()) return false;
      if (take(/[ \t]*,[ \t]*/) !== undefined && take(/[+~]\d+/) === undefined && !isAddress()) return false;
    }
    take(/[ \t]*(?:![ \t]*)?/);
    const name = script.charAt(at);
    at += 1;
    if (name === '{') return true;
    if (name === '}') return isEnd();
    if (name === '#') return line() !== undefined;
    if (/^[=dDgGhHnNpPxzF]$/.test(name)) return isEnd();
    if (/^[lqQ]$/.test(name)) return take(/[ \t]*\d*/) !== undefined && isEnd();
    if (/^[:btT]$/.test(name)) return take(/[ \t]*[\w.-]*/) !== undefined && isEnd();
    if (/^[wWrR]$/.test(name)) {
      (name.toLowerCase() === 'w' ? writes : reads).push(line());
      return true;
    }
    if (name === 'e') {
      commands.push(line());
      return true;
    }
    if (/^[aic]$/.test(name)) return take(/[ \t]*(?:\\\n)?[^\\\n]*(?:\n|$)/) !== undefined;
    if (name !== 's' && name !== 'y') return false;
    const sign = script.charAt(at);
    at += 1;
    if (!mark.test(sign) || !part(sign, true) || !part(sign, false)) return false;
    if (name === 'y') return isEnd();
    take(/[gpiImM\d]*/);
    if (take(/w/) === undefined) return isEnd();
    writes.push(line());
    return true;
  };
  let isPlain = script.length <= maxLength;
  while (isPlain) {
    take(/[\s;]*/);
    if (at >= script.length) break;
    isPlain = isCommand();
  }
  return { isPlain: isPlain && commands.length === 0, writes, reads, commands };
}
