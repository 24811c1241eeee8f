import { IconAlertTriangle, IconCircleCheck, IconHelpCircle, IconPlayerStop, IconVolumeOff } from '@tabler/icons-react';
import type { Sensor } from './sensors-query.ts';

/** What needs a look stands on top. */
export const sensorStates: readonly Sensor['state'][] = ['silent', 'stopped', 'degraded', 'unknown', 'alive'];

const marks = {
  alive: { icon: IconCircleCheck, tone: 'good', word: 'Alive' },
  degraded: { icon: IconAlertTriangle, tone: 'warn', word: 'Degraded' },
  silent: { icon: IconVolumeOff, tone: 'bad', word: 'Silent' },
  stopped: { icon: IconPlayerStop, tone: 'bad', word: 'Stopped' },
  unknown: { icon: IconHelpCircle, tone: 'quiet', word: 'Unknown' },
} as const;

export function SensorStateMark({
  state,
  short = false,
}: {
  readonly state: Sensor['state'];
  readonly short?: boolean;
}) {
  const { icon: Icon, tone, word } = marks[state];
  if (short) return <Icon size={18} stroke={1.7} className={tone} aria-label={word.toLowerCase()} />;
  return (
    <span className={`state-mark ${tone}`}>
      <Icon size={16} stroke={1.8} aria-hidden="true" /> {word}
    </span>
  );
}

export function isTroubled({ state }: Pick<Sensor, 'state'>): boolean {
  return state !== 'alive';
}
