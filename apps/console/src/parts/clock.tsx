import { useLocalStorage } from '@mantine/hooks';
import { memo } from 'react';
import { clockChoices, clockName, formatTime, isZone, zoneCity, zonesOffered } from './clock-time.ts';
import type { ClockChoice } from './clock-time.ts';

/** Whether times are shown in local time, UTC or another zone, everywhere at once. */
export function useClockChoice() {
  return useLocalStorage({
    key: 'sallyport.clock',
    defaultValue: 'local',
    getInitialValueInEffect: false,
    deserialize: (stored) => {
      const choice = storedText(stored);
      return clockChoices.some((known) => known === choice) || isZone(choice) ? choice : 'local';
    },
  });
}

/** The zone somebody chose besides local time and UTC; empty for none. It stays while another clock is read. */
function useOwnZone() {
  return useLocalStorage({
    key: 'sallyport.zone',
    defaultValue: '',
    getInitialValueInEffect: false,
    deserialize: (stored) => {
      const zone = storedText(stored);
      return isZone(zone) ? zone : '';
    },
  });
}

function storedText(stored: string | undefined): string {
  try {
    const value: unknown = JSON.parse(stored ?? '""');
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

/** A moment. A click shows every time on the page by the next clock: local time, UTC, one's own zone. */
export function Clock({ at, short = true }: { readonly at: string | number; readonly short?: boolean }) {
  const [choice, setChoice] = useClockChoice();
  const [zone] = useOwnZone();
  const timeMs = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(timeMs)) return <span className="quiet">unknown</span>;
  const clocks: readonly ClockChoice[] = zone === '' ? clockChoices : [...clockChoices, zone];
  const next = clocks[(clocks.indexOf(choice) + 1) % clocks.length] ?? 'local';
  return (
    <button
      type="button"
      className="clock"
      title={`${new Date(timeMs).toISOString()} · click for ${clockName(next)}`}
      onClick={(event) => {
        event.stopPropagation();
        setChoice(next);
      }}
    >
      <time dateTime={new Date(timeMs).toISOString()}>{formatTime(timeMs, choice, short ? 'short' : 'full')}</time>
    </button>
  );
}

/** Which clock the times are read by: local time, UTC, and a zone of one's own once it is chosen. */
export const ClockPicker = memo(function ClockPicker() {
  const [choice, setChoice] = useClockChoice();
  const [zone, setZone] = useOwnZone();
  return (
    <div className="segments clock-picker" role="group" aria-label="Clock">
      {clockChoices.map((offered) => (
        <button
          key={offered}
          type="button"
          aria-pressed={offered === choice}
          title={clockName(offered)}
          onClick={() => setChoice(offered)}
        >
          {offered === 'local' ? 'Local' : 'UTC'}
        </button>
      ))}
      {zone === '' ? null : (
        <button type="button" aria-pressed={zone === choice} title={clockName(zone)} onClick={() => setChoice(zone)}>
          {zoneCity(zone)}
        </button>
      )}
      <select
        aria-label="Another zone"
        title="Another zone"
        value=""
        onChange={(event) => {
          setZone(event.currentTarget.value);
          setChoice(event.currentTarget.value);
        }}
      >
        <option value="" disabled>
          {zone === '' ? 'Zone…' : '…'}
        </option>
        {zonesOffered().map((offered) => (
          <option key={offered} value={offered}>
            {clockName(offered)}
          </option>
        ))}
      </select>
    </div>
  );
});
