// What the pages of evidence are made of.
import type { EvidenceWitness } from '@sallyport/ledger/evidence';
import { printable } from '../../parts/printable.ts';

type Child = Node | string;

export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function facts(entries: readonly (readonly [string, string])[]): HTMLElement {
  return element('dl', {}, ...entries.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
}

/** Where the reader says by which key they know the log. */
export function keyForm(known: string | undefined, check: (key: string | undefined) => void): HTMLElement {
  const field = element('input', {
    id: 'key',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'key-words',
    value: known ?? '',
  });
  const button = element('button', { type: 'submit' }, 'Check with this key');
  const form = element(
    'form',
    {},
    element('label', { for: 'key' }, 'The log’s key, as you know it'),
    element('div', { class: 'entry' }, field, button),
    element(
      'p',
      { id: 'key-words' },
      'Take it from somewhere you trust and not from this file: whoever runs the server reads it under Ledger in the console, or with “sallyport ledger key”.',
    ),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const typed = field instanceof HTMLInputElement ? field.value.trim() : '';
    check(typed === '' ? undefined : typed);
  });
  return form;
}

/** Cosignatures verify under keys that stand in the file: whose they are is the reader's to know. */
export function witnessSection(witnesses: readonly EvidenceWitness[]): HTMLElement {
  const title = element('h2', {}, 'Who has seen it outside');
  if (witnesses.length === 0)
    return element(
      'section',
      {},
      title,
      element('p', {}, 'Nobody: only the log itself vouches for when it was recorded.'),
    );
  return element(
    'section',
    {},
    title,
    element(
      'p',
      {},
      'If each key is the one you know the witness by, it had by then seen the log with this event in it: the event was neither changed nor put there later.',
    ),
    facts(
      witnesses.flatMap(({ name, verifierKey, cosignedAtMs }): readonly (readonly [string, string])[] => [
        ['Witness', printable(name)],
        ['Seen by it at', timeText(cosignedAtMs)],
        ['Its key', verifierKey],
      ]),
    ),
  );
}

/** This page does not read certificates: it says that there is something to be checked, and with what. */
export function timeStampSection(stamps: readonly Uint8Array[]): readonly HTMLElement[] {
  if (stamps.length === 0) return [];
  return [
    element(
      'section',
      {},
      element('h2', {}, 'When it existed'),
      element(
        'p',
        {},
        `${stamps.length === 1 ? 'A time-stamp' : `${stamps.length} time-stamps`} (RFC 3161) of the signed tree came with it. This page does not check them, and they count for nothing here: “sallyport proof verify FILE --key KEY --tsa-root ROOT” does, with the root of the authority as you know it.`,
      ),
    ),
  ];
}

/** A witness may state any time at all. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `second ${Math.floor(ms / 1000)}`;
}
