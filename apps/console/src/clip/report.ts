import type { ClipVerification, SegmentVerdict } from '@sallyport/camera-watch/clip';
import { printable } from '../parts/printable.ts';
import { element } from './element.ts';
import { clockTime, dateTime, duration, gapReason } from './words.ts';

type Manifest = NonNullable<ClipVerification['manifest']>;

/** What holds of the whole, in one card; with the form that takes the key. */
export function verdictCard(result: ClipVerification, form: HTMLElement): HTMLElement {
  const bad = result.verdicts.filter(({ ok }) => !ok).length;
  const subject = element('p', { class: 'subject' }, printable(result.manifest?.name ?? ''));
  if (!result.ok) {
    const words =
      result.problems.length > 0
        ? '✗ This clip does not verify'
        : `✗ ${bad} of ${result.verdicts.length} parts of this clip do not verify`;
    return element(
      'section',
      { class: 'bad', role: 'alert' },
      subject,
      element('h1', {}, words),
      ...result.problems.map((problem) => element('p', {}, `${printable(problem)}.`)),
      ...result.verdicts.flatMap((verdict, at) =>
        verdict.ok ? [] : [element('p', {}, `${partName(verdict, at)}: ${printable(verdict.reason)}.`)],
      ),
      element('p', {}, 'Do not rely on it: ask for the file again, from the server itself.'),
      form,
    );
  }
  return result.keyGiven
    ? element(
        'section',
        { class: 'good' },
        subject,
        element('h1', {}, `✓ All ${result.verdicts.length} parts are sealed in the log`),
        element('p', {}, 'Checked just now by this page alone, without any network, with the key you gave.'),
        form,
      )
    : element(
        'section',
        { class: 'open' },
        subject,
        element('h1', {}, '? Agrees with itself; compare the key'),
        element(
          'p',
          {},
          `None of its ${result.verdicts.length} parts was changed. Whose log they are from, only its key can say.`,
        ),
        form,
      );
}

function partName(verdict: SegmentVerdict, at: number): string {
  const { claimed } = verdict;
  return claimed === undefined
    ? `Part ${at + 1}`
    : `Part ${at + 1}, ${clockTime(claimed.start_ms)} to ${clockTime(claimed.end_ms)}`;
}

/** What whoever exported says of it; the log holds the hash of these words. */
export function factsCard(manifest: Manifest, result: ClipVerification): HTMLElement {
  const { from_ms: from, to_ms: to } = manifest;
  const entries: readonly (readonly [string, string])[] = [
    ['Camera', `${printable(manifest.name)} (${printable(manifest.camera)})`],
    ...(manifest.place === '' ? [] : [['Place', printable(manifest.place)] as const]),
    ['Asked for', `${dateTime(from)} to ${dateTime(to)} UTC, ${duration(to - from)}`],
    ['Because', printable(manifest.reason)],
    ['Exported', `${dateTime(manifest.exported_ms)} UTC by ${printable(manifest.exported_by)}`],
    ['Signed by', result.verifierKeys.join(' ')],
  ];
  return element(
    'section',
    {},
    element('h2', {}, 'What it is'),
    element('dl', {}, ...entries.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)])),
  );
}

/** Every time without pictures, and why. */
export function gapsCard(manifest: Manifest): HTMLElement {
  const rows = manifest.gaps.map((gap) =>
    element(
      'li',
      {},
      element('b', {}, `${clockTime(gap.from_ms)} to ${clockTime(gap.to_ms)}, ${duration(gap.to_ms - gap.from_ms)}: `),
      gapReason(gap.why),
    ),
  );
  const shortest = duration(manifest.shortest_gap_ms);
  return element(
    'section',
    {},
    element('h2', {}, 'Gaps'),
    rows.length === 0
      ? element('p', {}, `None: no two pictures are further apart than ${shortest}.`)
      : element('ul', {}, ...rows),
  );
}

/** What was checked of each part. */
export function partsCard(verdicts: readonly SegmentVerdict[]): HTMLElement {
  const rows = verdicts.map((verdict, at) => {
    const { claimed } = verdict;
    const kind = verdict.ok ? 'passed' : 'failed';
    return element(
      'tr',
      { class: kind },
      element('td', {}, `${verdict.ok ? '✓' : '✗'} ${at + 1}`),
      element('td', {}, claimed === undefined ? '' : `${clockTime(claimed.start_ms)} to ${clockTime(claimed.end_ms)}`),
      element('td', {}, claimed === undefined ? '' : `${claimed.frames}`),
      element('td', {}, claimed?.late === true ? 'sent later' : 'live'),
      element('td', {}, verdict.ok ? `${verdict.proof.origin} ${verdict.proof.index}` : printable(verdict.reason)),
    );
  });
  const heads = ['Part', 'Time (UTC)', 'Pictures', 'Came', 'Entry in the log'].map((word) => element('th', {}, word));
  return element(
    'section',
    {},
    element('h2', {}, 'What was checked'),
    element(
      'p',
      {},
      'Of each part: its bytes hash to what its event in the log says, the event is the one its leaf commits to, the leaf is in the tree, and the log signed the tree.',
    ),
    element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Parts' },
      element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows)),
    ),
  );
}
