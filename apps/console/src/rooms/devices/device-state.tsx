import { IconBan, IconCircleCheck, IconHourglass } from '@tabler/icons-react';
import type { Device } from './devices-query.ts';

const marks = {
  waiting: { icon: IconHourglass, tone: 'warn', word: 'Waits' },
  approved: { icon: IconCircleCheck, tone: 'good', word: 'Let in' },
  revoked: { icon: IconBan, tone: 'quiet', word: 'Revoked' },
} as const;

export function DeviceStateMark({ state }: { readonly state: Device['state'] }) {
  const { icon: Icon, tone, word } = marks[state];
  return (
    <span className={`state-mark ${tone}`}>
      <Icon size={16} stroke={1.8} aria-hidden="true" /> {word}
    </span>
  );
}
