// The script inside a downloaded evidence page. No framework, no network: it reads the evidence beside it and says what holds.
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

function report(result: EvidenceVerification): HTMLElement[] {
  const signs = { passed: '✓', failed: '✗', 'not known': '?', 'not reached': '·' } as const;
  const list = explainChecks(result, false).map(({ title, meaning, state }) =>
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
      checks,
    ];
  }
  const { origin, index, treeSize, receivedAtMs, verifierKey, event } = result;
  return [
    element(
      'section',
      { class: 'good' },
      element('h1', {}, '✓ This event is sealed in the log'),
      element('p', {}, 'Checked just now by this page alone, without any network.'),
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
      element(
        'p',
        {},
        'The key above came with the file. Compare it with the key you know the log by: only then does the signature say who signed.',
      ),
    ),
    checks,
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
const result = verifyEvidence(text);
document.querySelector('#report')?.replaceChildren(...report(result));
document.title = result.ok ? `Evidence ${result.origin} ${result.index}` : 'Evidence that does not verify';
