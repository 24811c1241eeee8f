import { printable } from '../../../parts/printable.ts';
import type { AnsweredApproval } from './approvals-query.ts';

/** How a question ended, in a sentence; of one that ended just now nothing may be known yet. */
export function outcomeWords(
  ended: Pick<AnsweredApproval, 'answer' | 'answered_by' | 'words' | 'scope'> | undefined,
): string {
  if (ended === undefined) return 'It waits no more';
  const { answer, answered_by: by, words, scope } = ended;
  const who = by === undefined || by.name === '' ? 'Somebody' : printable(by.name);
  const said = words === '' ? '' : `: ${printable(words)}`;
  switch (answer) {
    case 'granted':
      return `${who} said yes${scope === 'session' ? ' for the run' : ''}${said}`;
    case 'refused':
      return `${who} said no${said}`;
    case 'timed-out':
      return 'Nobody answered in time: a no';
    case 'ended':
      return `It was over before anybody answered${said}`;
  }
}
