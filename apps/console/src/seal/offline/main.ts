// The script inside a downloaded evidence page. No framework, no network: it reads the evidence beside it and says what holds.
import { eventLine, isJsonObject } from '@sallyport/contracts';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import { printable } from '../../parts/printable.ts';
import { explainChecks } from '../checks.ts';

type Child = Node | string;

function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function facts(entries: readonly (readonly [string, string])[]): HTMLElement {
  return element('dl', {}, ...entries.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
}

/** What the sealed event is called: of a finding the title of its rule. */
function titleOf(event: unknown): string {
  if (!isJsonObject(event)) return '';
  const { finding_info: info } = event;
  const title = isJsonObject(info) ? info['title'] : undefined;
  return typeof title === 'string' ? title : eventLine(event).text;
}

/** Where the reader says by which key they know the log. */
function keyForm(known: string | undefined): HTMLElement {
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
    show(typed === '' ? undefined : typed);
  });
  return form;
}

/** Cosignatures verify under keys that stand in the file: whose they are is the reader's to know. */
function witnessSection({ witnesses }: Extract<EvidenceVerification, { ok: true }>): HTMLElement {
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

/** A witness may state any time at all. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `second ${Math.floor(ms / 1000)}`;
}

function report(result: EvidenceVerification, known: string | undefined): HTMLElement[] {
  const signs = { passed: '✓', failed: '✗', 'not known': '?', 'not reached': '·' } as const;
  const list = explainChecks(result, known !== undefined).map(({ title, meaning, state }) =>
    element(
      'li',
      { class: state },
      signs[state],
      element('div', {}, element('b', {}, title), element('br', {}), element('span', {}, meaning)),
    ),
  );
  const checks = element('section', {}, element('h2', {}, 'What was checked'), element('ol', {}, ...list));
  if (!result.ok) {
    return [
      element(
        'section',
        { class: 'bad' },
        element('h1', {}, '✗ This evidence does not verify'),
        element('p', {}, `${result.reason}. Do not rely on it: ask for the file again, from the server itself.`),
      ),
      ...(result.check === 'key' ? [element('section', {}, keyForm(known))] : []),
      checks,
    ];
  }
  const { origin, index, treeSize, receivedAtMs, verifierKey, event } = result;
  return [
    element(
      'section',
      { class: known === undefined ? 'open' : 'good' },
      element('p', { class: 'subject' }, printable(titleOf(event))),
      known === undefined
        ? element('h1', {}, '? Agrees with itself; compare the key')
        : element('h1', {}, '✓ This event is sealed in the log'),
      element(
        'p',
        {},
        known === undefined
          ? 'Nothing in this file was changed. Whose log it is from, only its key can say.'
          : 'Checked just now by this page alone, without any network, with the key you gave.',
      ),
      keyForm(known),
    ),
    element(
      'section',
      {},
      element('h2', {}, 'Where it stands'),
      facts([
        ['Log', origin],
        ['Entry', `${index} of a tree of ${treeSize}`],
        ['Received', new Date(receivedAtMs).toISOString()],
        ['Signed by', verifierKey],
      ]),
    ),
    checks,
    witnessSection(result),
    element(
      'section',
      {},
      element('h2', {}, 'The event'),
      // An event from outside must not turn the words around that say what it is.
      element('pre', { tabindex: '0' }, JSON.stringify(event, null, 2).split('\n').map(printable).join('\n')),
    ),
  ];
}

const text = document.querySelector('#evidence')?.textContent ?? '';

function show(known: string | undefined): void {
  const result = verifyEvidence(text, known === undefined ? {} : { verifierKey: known });
  document.querySelector('#report')?.replaceChildren(...report(result, known));
  document.title = result.ok ? `Evidence ${result.origin} ${result.index}` : 'Evidence that does not verify';
}

show(undefined);
