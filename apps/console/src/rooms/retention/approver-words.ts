import { formatSpan } from '../../parts/span.ts';
import type { KeyTone } from '../keys/key-words.ts';
import type { Approver } from './destructions-query.ts';

/** Whether signatures by it count now. */
export function approverWords({
  isEffective,
  remainingMs,
  stopped,
}: Pick<Approver, 'isEffective' | 'remainingMs' | 'stopped'>): {
  readonly word: string;
  readonly tone: KeyTone;
} {
  if (stopped !== undefined) return { word: 'Stopped', tone: 'bad' };
  if (isEffective) return { word: 'Counts', tone: 'good' };
  return {
    word: remainingMs === undefined ? 'Waits' : `Counts in ${formatSpan(remainingMs)}`,
    tone: 'warn',
  };
}

/** What is missing before two people can sign; undefined when nothing is. */
export function approversVerdict(
  approvers: readonly Pick<Approver, 'userId' | 'isEffective'>[],
): { readonly title: string; readonly text: string } | undefined {
  const people = new Set(approvers.map(({ userId }) => userId)).size;
  const counting = new Set(approvers.filter(({ isEffective }) => isEffective).map(({ userId }) => userId)).size;
  if (people === 0)
    return {
      title: 'Nobody can sign a destruction yet',
      text: 'Enrol the passkeys of two administrators, each signed in as themselves. The first two count at once; who comes later counts when two of those who do have signed that, so that nobody who takes this server over adds people of their own.',
    };
  if (people === 1)
    return {
      title: 'A second person is missing',
      text: 'One person alone destroys nothing. Another administrator signs in and enrols a passkey here.',
    };
  if (counting < 2)
    return {
      title: 'Fewer than two people can sign now',
      text: 'Who was stopped counts again when two people sign that. Where no two are left: docs/keys.md, “Who may agree”.',
    };
  return undefined;
}
