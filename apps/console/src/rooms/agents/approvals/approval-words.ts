import { printable } from '../../../parts/printable.ts';
import type { AnsweredApproval, WaitingApproval } from './approvals-query.ts';

/** How a question ended, in a sentence; of one that ended just now nothing may be known yet. */
export function outcomeWords(
  ended: Pick<AnsweredApproval, 'answer' | 'answered_by' | 'also_by' | 'words' | 'scope'> | undefined,
): string {
  if (ended === undefined) return 'It waits no more';
  const { answer, answered_by: by, also_by: before = [], words, scope } = ended;
  const who = by === undefined || by.name === '' ? 'Somebody' : printable(by.name);
  const earlier = before.map(({ name }) => printable(name)).join(' and ');
  const said = words === '' ? '' : `: ${printable(words)}`;
  switch (answer) {
    case 'granted':
      return `${earlier === '' ? who : `${earlier} and ${who}`} said yes${scope === 'session' ? ' for the run' : ''}${said}`;
    case 'refused':
      return `${who} said no${changedWords(before, by)}${said}`;
    case 'timed-out':
      return earlier === ''
        ? 'Nobody answered in time: a no'
        : `${earlier} said yes, and nobody else did in time: a no`;
    case 'ended':
      return earlier === ''
        ? `It was over before anybody answered${said}`
        : `${earlier} said yes; it was over before anybody else did${said}`;
  }
}

/** Who said yes before somebody said no; that may be whoever said no, who thought again. */
function changedWords(
  before: readonly { readonly id: string; readonly name: string }[],
  by: { readonly id: string } | undefined,
): string {
  if (before.length === 0) return '';
  if (before.every(({ id }) => id === by?.id)) return ' after saying yes';
  return `, after ${before.map(({ name }) => printable(name)).join(' and ')} had said yes`;
}

/** Of a call that two people must say yes to: who has, who may not, and who is missing. */
export function secondWords({
  yeses,
  not_counted: uncounted,
  may_answer: mayAnswer,
}: Pick<WaitingApproval, 'yeses' | 'not_counted' | 'may_answer'>): string {
  const names = yeses.map(({ name }) => printable(name)).join(' and ');
  const need =
    yeses.length === 0
      ? 'Two different people must say yes; one no ends it'
      : `${uncounted === 'twice' ? 'You' : names} said yes; another person must too, and one no ends it`;
  if (uncounted === 'own' && mayAnswer) return `${need}. It acts for you, so your yes does not count; your no does`;
  return need;
}
