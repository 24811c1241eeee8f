import { formatAge, formatCount, plural } from '../../parts/numbers.ts';
import type { Tone } from '../../parts/notice.tsx';
import type { ArchiveReport } from './archive-query.ts';

export type ArchiveVerdict = { readonly tone: Tone; readonly title: string; readonly text: string };

/** What the archive is worth now, the worst first. */
export function verdictOf(report: ArchiveReport, nowMs: number): ArchiveVerdict {
  if (!report.on)
    return {
      tone: 'warn',
      title: 'Nothing is kept elsewhere',
      text: 'What is on this machine is lost with it. A bucket with Object Lock keeps sealed blocks, checkpoints and wrapped keys where not even an administrator here can change them.',
    };
  if (report.problems > 0)
    return {
      tone: 'bad',
      title: `${plural(report.problems, 'file')} in the archive ${report.problems === 1 ? 'is' : 'are'} not as kept`,
      text: 'Somebody changed, hid or unlocked what was stored, or it rots. What is locked can still be found among the versions of the bucket.',
    };
  const behind = report.logs.reduce((sum, { archived, entries }) => sum + Math.max(0, entries - archived), 0);
  const left = behind === 0 ? '' : ` ${plural(behind, 'entry', 'entries')} not archived yet.`;
  if (report.failure !== null)
    return {
      tone: 'bad',
      title: 'Nothing more is archived',
      text: `${report.failure.message}. It is tried again by itself.${left}`,
    };
  if (report.late)
    return { tone: 'bad', title: 'The archive is too far behind', text: `It is being worked on.${left}` };
  if (behind === 0) return { tone: 'good', title: 'Everything is archived', text: lockWords(report.lock) };
  const since = report.logs.flatMap(({ waiting_since }) => (waiting_since === null ? [] : [Date.parse(waiting_since)]));
  const oldest = since.length === 0 ? '' : `, the oldest recorded ${formatAge(Math.min(...since), nowMs)}`;
  const wait =
    report.state === 'paused'
      ? 'It waits while much is being recorded.'
      : report.state === 'archiving'
        ? 'They are being sent.'
        : `They go together once the oldest has waited ${plural(report.settings.span_minutes, 'minute')}.`;
  return {
    tone: 'good',
    title: `Archived, up to the last ${plural(behind, 'entry', 'entries')}`,
    text: `${formatCount(behind)} not archived yet${oldest}. ${wait} ${lockWords(report.lock)}`,
  };
}

function lockWords(lock: 'compliance' | 'governance' | 'none'): string {
  switch (lock) {
    case 'compliance':
      return 'Locked: nobody can change or delete it before its time, the owner of the account included.';
    case 'governance':
      return 'Locked: only who holds a special right at the store can shorten it.';
    case 'none':
      return 'Nothing locks it: whoever may write there can change it, which the next check shows.';
  }
}
