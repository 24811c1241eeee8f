// The script inside a downloaded evidence page. No framework, no network: it reads the evidence beside it and says what holds.
import { eventLine, isJsonObject } from '@sallyport/contracts';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import { printable } from '../../parts/printable.ts';
import { rangeFormat } from '@sallyport/ledger/range-evidence';
import { explainChecks } from '../checks.ts';
import { element, facts, keyForm, timeStampSection, witnessSection } from './page-parts.ts';
import { reportRange } from './range-report.ts';

/** What the sealed event is called: of a finding the title of its rule. */
function titleOf(event: unknown): string {
  if (!isJsonObject(event)) return '';
  const { finding_info: info } = event;
  const title = isJsonObject(info) ? info['title'] : undefined;
  return typeof title === 'string' ? title : eventLine(event).text;
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
      ...(result.check === 'key' ? [element('section', {}, keyForm(known, show))] : []),
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
      keyForm(known, show),
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
    witnessSection(result.witnesses),
    ...timeStampSection(result.timeStamps),
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
  if (text.startsWith(`${rangeFormat}\n`)) {
    const { parts, title } = reportRange(text, known, show);
    document.querySelector('#report')?.replaceChildren(...parts);
    document.title = title;
    return;
  }
  const result = verifyEvidence(text, known === undefined ? {} : { verifierKey: known });
  document.querySelector('#report')?.replaceChildren(...report(result, known));
  document.title = result.ok ? `Evidence ${result.origin} ${result.index}` : 'Evidence that does not verify';
}

show(undefined);
