// One spelling for what people and programs write in many ways.

/** Characters that show nothing, and would make two equal words differ. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;

/** Small letters, compatible forms made one, no invisible characters, one space for any. */
export function plainSpelling(text: string): string {
  return text.normalize('NFKC').replaceAll(invisible, '').toLowerCase().replaceAll(/\s+/g, ' ').trim();
}

/**
 * Things with a form of their own inside a text, in one spelling each: e-mail addresses, addresses of the web, account numbers, telephone
 * numbers, dates. `text` is in plain spelling. At most `limit`.
 */
export function formsIn(text: string, limit: number): Set<string> {
  const forms = new Set<string>();
  for (const { pattern, spell } of shapes) {
    for (const [found] of text.matchAll(pattern)) {
      if (forms.size >= limit) return forms;
      const form = spell(found);
      if (form !== undefined) forms.add(form);
    }
  }
  return forms;
}

/** The one form that a whole value has, if it has one. */
export function formOf(value: string): string | undefined {
  for (const { pattern, spell } of shapes) {
    const [found] = value.match(pattern) ?? [];
    if (found !== undefined && found.length === value.length) return spell(found);
  }
  return undefined;
}

// Each pattern begins at a boundary and repeats bounded classes alone: no input makes it slow.
const shapes: readonly { readonly pattern: RegExp; readonly spell: (found: string) => string | undefined }[] = [
  {
    pattern: /(?<![\w.+-])(?:mailto:)?[\w.+-]{1,64}@[\p{L}\d.-]{1,253}/gu,
    spell: (found) => `mail:${found.replace(/^mailto:/, '').replace(/[.-]+$/, '')}`,
  },
  {
    pattern:
      /(?<![\p{L}\d@.-])(?:https?:\/\/)?(?:[\p{L}\d-]{1,63}\.){1,8}[\p{L}]{2,24}(?::\d{1,5})?(?:[/?#][^\s"'<>()[\]{}]{0,2048})?/gu,
    spell: addressOf,
  },
  // An IBAN in groups; what is shorter than an account number is none.
  {
    pattern: /(?<![\p{L}\d])[a-z]{2}\d{2}(?:[ .-]?[a-z\d]){8,30}(?![\p{L}\d])/gu,
    spell: (found) => `account:${found.replaceAll(/[ .-]/g, '')}`,
  },
  {
    pattern: /(?<![\p{L}\d+])\+?\(?\d(?:[ ()./-]{0,2}\d){6,18}(?![\p{L}\d])/gu,
    spell: (found) => dateOf(found) ?? `number:${found.replaceAll(/\D/g, '').replace(/^00/, '')}`,
  },
  {
    pattern:
      /(?<![\p{L}\d])(?:\d{1,2}(?:st|nd|rd|th)? (?:of )?[a-z]{3,9}|[a-z]{3,9} \d{1,2}(?:st|nd|rd|th)?),? \d{4}(?![\p{L}\d])/gu,
    spell: dateInWords,
  },
];

/** Scheme, `www`-less or not, is the address's own; a slash or full stop at the end and the port of the scheme are not. */
function addressOf(found: string): string | undefined {
  const bare = found
    .replace(/^https?:\/\//, '')
    .replace(/[.,;:!?]+$/, '')
    .replace(/^([^/]+):(?:80|443)(?=\/|$)/, '$1')
    .replace(/\/+$/, '');
  return bare === '' ? undefined : `web:${bare}`;
}

function dateOf(found: string): string | undefined {
  const [, year, month = '', day = ''] = /^(\d{4})[-/.](\d{2})[-/.](\d{2})$/.exec(found) ?? [];
  return year === undefined ? undefined : `date:${year}-${month}-${day}`;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function dateInWords(found: string): string | undefined {
  const month = months.findIndex((name) => new RegExp(`(?:^| )${name}`).test(found)) + 1;
  const [day = '', year = ''] = found.match(/\d+/g) ?? [];
  return month === 0 ? undefined : `date:${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`;
}

/** Host of an address in its one spelling. */
export function hostOf(form: string): string | undefined {
  return form.startsWith('web:') ? form.slice(4).split(/[/?#:]/)[0] : undefined;
}
