import { RE2JS } from 're2js';

/** Values for `%name%`. Each may hold wildcards. */
export type PlaceholderTable = Readonly<Record<string, readonly string[]>>;

const maxTexts = 10_000;

export type ExpandFault = { readonly code: 'placeholder_without_values' | 'too_complex'; readonly fault: string };

/**
 * The texts that `value` stands for under the modifier `expand`: every `%name%` replaced by each of its values. `\%` is a
 * plain percent sign. A placeholder without values is a fault: such a rule must be rejected (Sigma rules specification, "Placeholders").
 */
export function expandPlaceholders(value: string, table: PlaceholderTable, isRegex: boolean): string[] | ExpandFault {
  let texts = [''];
  for (const part of partsOf(value)) {
    const replacements = part.placeholder ? valuesFor(part.text, table) : [part.text];
    if (replacements.length === 0) {
      return { code: 'placeholder_without_values', fault: `there are no values for the placeholder "%${part.text}%"` };
    }
    const quoted = isRegex && part.placeholder ? replacements.map((text) => RE2JS.quote(text)) : replacements;
    if (texts.length * quoted.length > maxTexts)
      return { code: 'too_complex', fault: `its placeholders give over ${maxTexts} values` };
    texts = texts.flatMap((text) => quoted.map((replacement) => text + replacement));
  }
  return texts;
}

function valuesFor(name: string, table: PlaceholderTable): readonly string[] {
  return Object.hasOwn(table, name) ? (table[name] ?? []) : [];
}

function partsOf(value: string): { text: string; placeholder: boolean }[] {
  const parts: { text: string; placeholder: boolean }[] = [];
  let plain = '';
  let at = 0;
  while (at < value.length) {
    const placeholder = /^%([^%\s\\]+)%/.exec(value.slice(at, at + 256));
    if (value.startsWith('\\%', at)) {
      plain += '%';
      at += 2;
    } else if (placeholder === null) {
      plain += value.charAt(at);
      at += 1;
    } else {
      parts.push({ text: plain, placeholder: false }, { text: placeholder[1] ?? '', placeholder: true });
      plain = '';
      at += placeholder[0].length;
    }
  }
  parts.push({ text: plain, placeholder: false });
  return parts;
}
