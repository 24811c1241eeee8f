import { addPath, addProgram } from '../run/effects.ts';
import type { Invocation } from '../run/run.ts';
import { known, unknown } from '../run/text.ts';
import type { Value } from '../run/text.ts';
import { addForeignCode } from './foreign-code.ts';

/**
 * `pwsh`, `powershell.exe`: options are read without regard to case, by their beginnings and behind `-` or `/`. Whatever is no option is code, or a file
 * of it, which Windows' own takes for code, too.
 */
export function powershellProgram(invocation: Invocation): Value {
  const { name, arguments: given, stdin } = invocation;
  const output: Value = [unknown(`what "${name}" prints`)];
  const isAsking = given.length === 1 && /^-(?:v|version|h|help|\?)$/i.test(given[0]?.text ?? '');
  addProgram(
    invocation,
    { name, classes: ['interpreter'], arguments: given },
    isAsking ? {} : { doubt: 'foreign_code', why: 'code of PowerShell is not understood' },
  );
  if (isAsking) return output;
  for (let at = 0; at < given.length; at += 1) {
    const option = /^[-/]([a-z]+)$/i.exec(given[at]?.text ?? '')?.[1]?.toLowerCase();
    const value = given[at + 1] ?? known('');
    if (option === undefined) {
      addForeignCode(invocation, {
        text: given
          .slice(at)
          .map(({ text }) => text)
          .join(' '),
      });
      return output;
    }
    if ('file'.startsWith(option) || 'psconsolefile'.startsWith(option)) {
      addPath(invocation, 'read', value);
      return output;
    }
    // What is encoded stays so: it is doubted already.
    if (/^(?:e|ec|en|enc\w*)$/.test(option)) return output;
    if (
      'executionpolicy'.startsWith(option) ||
      /^(?:ep|ex\w*|w\w*|v|version|input\w*|output\w*|config\w*|settings\w*|custompipename)$/.test(option)
    )
      at += 1;
  }
  for (const text of stdin ?? []) addForeignCode(invocation, text);
  return output;
}
