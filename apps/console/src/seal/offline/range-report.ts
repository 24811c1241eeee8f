// The report of evidence that holds all events of a range: what it claims in words, and the events.
import { eventLine, isJsonObject, parseJson } from '@sallyport/contracts';
import { stateRange, verifyRangeText } from '@sallyport/ledger/range-evidence';
import type { RangeEvent, VerifiedRange } from '@sallyport/ledger/range-evidence';
import { printable } from '../../parts/printable.ts';
import { element, facts, keyForm, timeStampSection, witnessSection } from './page-parts.ts';

/** More than anybody reads; the file holds them all. */
const maxShown = 2000;

/** Checks the whole file and says what it proves. `again` checks with another key. */
export function reportRange(
  text: string,
  known: string | undefined,
  again: (key: string | undefined) => void,
): { readonly parts: HTMLElement[]; readonly title: string } {
  const events: RangeEvent[] = [];
  const result = verifyRangeText(text, {
    ...(known === undefined ? {} : { verifierKey: known }),
    onEvent: (event) => events.push(event),
  });
  if (!result.ok) {
    return {
      title: 'Evidence that does not verify',
      parts: [
        element(
          'section',
          { class: 'bad' },
          element('h1', {}, '✗ This evidence does not verify'),
          element(
            'p',
            {},
            `${printable(result.reason)}. Do not rely on it: ask for the file again, from the server itself.`,
          ),
        ),
        ...(result.check === 'key' ? [element('section', {}, keyForm(known, again))] : []),
      ],
    };
  }
  return {
    title: `Evidence ${result.origin} ${result.from}-${result.to - 1}`,
    parts: [
      headSection(result, known, again),
      statementSection(result),
      placeSection(result),
      witnessSection(result.witnesses),
      ...timeStampSection(result.timeStamps),
      eventSection(result, events),
    ],
  };
}

function headSection(
  { counts, claim }: VerifiedRange,
  known: string | undefined,
  again: (key: string | undefined) => void,
): HTMLElement {
  const fitting = claim.query === undefined ? '' : `, ${counts.matching} of them marked as fitting the query`;
  const count = `${counts.claimed} event${counts.claimed === 1 ? '' : 's'}${fitting}`;
  return element(
    'section',
    { class: known === undefined ? 'open' : 'good' },
    element(
      'p',
      { class: 'subject' },
      printable(claim.query ?? (claim.sources.map(({ name }) => name).join(', ') || 'All events')),
    ),
    known === undefined
      ? element('h1', {}, '? Agrees with itself; compare the key')
      : element('h1', {}, '✓ No event of the range is left out'),
    element(
      'p',
      {},
      known === undefined
        ? `${count}, and nothing in this file was changed. Whose log it is from, only its key can say.`
        : `${count}. Checked just now by this page alone, without any network, with the key you gave.`,
    ),
    keyForm(known, again),
  );
}

function statementSection(range: VerifiedRange): HTMLElement {
  const { proven, notProven } = stateRange(range);
  const list = (lines: readonly string[], sign: string, kind: string): HTMLElement =>
    element(
      'ol',
      {},
      ...lines.map((line) =>
        element(
          'li',
          { class: kind },
          sign,
          element('div', {}, element(kind === 'passed' ? 'b' : 'span', {}, printable(line))),
        ),
      ),
    );
  return element(
    'section',
    {},
    element('h2', {}, 'What this file proves'),
    list(proven, '✓', 'passed'),
    element('h2', { class: 'later' }, 'What it does not prove'),
    list(notProven, '·', 'not reached'),
  );
}

function placeSection({ origin, from, to, treeSize, verifierKey, counts }: VerifiedRange): HTMLElement {
  return element(
    'section',
    {},
    element('h2', {}, 'Where it stands'),
    facts([
      ['Log', origin],
      ['Entries', `${from} to ${to - 1} of a tree of ${treeSize}`],
      ['Leaves', `${counts.entries}, ${counts.blocks} of them seal the ciphertext of a block`],
      ['Signed by', verifierKey],
    ]),
  );
}

function eventSection({ counts, claim }: VerifiedRange, events: readonly RangeEvent[]): HTMLElement {
  const shown = events.slice(0, maxShown);
  return element(
    'section',
    {},
    element('h2', {}, `The events${claim.query === undefined ? '' : ` (${counts.matching} fit the query)`}`),
    ...shown.map((event) => eventDetails(event, claim.query !== undefined)),
    ...(events.length > shown.length
      ? [
          element(
            'p',
            {},
            `The first ${shown.length} of ${events.length}. All are checked; “sallyport proof verify FILE --events” prints them all.`,
          ),
        ]
      : []),
  );
}

function eventDetails(event: RangeEvent, hasQuery: boolean): HTMLElement {
  const text = new TextDecoder().decode(event.body);
  const parsed = parseJson(text);
  const line = isJsonObject(parsed) ? eventLine(parsed).text : text.slice(0, 200);
  const marks = [
    ...(event.source === undefined ? [] : [event.source]),
    ...(hasQuery && event.matches ? ['fits the query'] : []),
  ].join(' · ');
  const details = element(
    'details',
    {},
    element(
      'summary',
      {},
      element('b', {}, `${event.index}`),
      ` ${new Date(event.receivedAtMs).toISOString()} ${printable(line)}`,
      ...(marks === '' ? [] : [element('span', {}, ` ${printable(marks)}`)]),
    ),
  );
  // Written out when somebody looks: a thousand open trees would be slow, and paper takes the lines.
  // Written out when somebody looks: a thousand open trees would be slow.
  const open = (): void => {
    const lines = parsed === undefined ? [text] : JSON.stringify(parsed, null, 2).split('\n');
    details.append(element('pre', { tabindex: '0' }, lines.map(printable).join('\n')));
  };
  details.addEventListener('toggle', open, { once: true });
  return details;
}
