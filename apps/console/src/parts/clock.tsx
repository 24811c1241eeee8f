import { useLocalStorage } from '@mantine/hooks';
import { clockChoices, clockNames, formatTime } from './clock-time.ts';
import type { ClockChoice } from './clock-time.ts';

/** Whether times are shown in local time, UTC or India Standard Time, everywhere at once. */
export function useClockChoice() {
  return useLocalStorage<ClockChoice>({
    key: 'sallyport.clock',
    defaultValue: 'local',
    getInitialValueInEffect: false,
    deserialize: (stored) => clockChoices.find((choice) => JSON.stringify(choice) === stored) ?? 'local',
  });
}

/** A moment. A click shows every time on the page by the next clock: local time, UTC, IST. */
export function Clock({ at, short = true }: { readonly at: string | number; readonly short?: boolean }) {
  const [choice, setChoice] = useClockChoice();
  const timeMs = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(timeMs)) return <span className="quiet">unknown</span>;
  const next = clockChoices[(clockChoices.indexOf(choice) + 1) % clockChoices.length] ?? 'local';
  return (
    <button
      type="button"
      className="clock"
      title={`${new Date(timeMs).toISOString()} · click for ${clockNames[next]}`}
      onClick={(event) => {
        event.stopPropagation();
        setChoice(next);
      }}
    >
      <time dateTime={new Date(timeMs).toISOString()}>{formatTime(timeMs, choice, short ? 'short' : 'full')}</time>
    </button>
  );
}

/** Which clock the times are read by, as three buttons; one click. */
export function ClockPicker() {
  const [choice, setChoice] = useClockChoice();
  return (
    <div className="segments clock-picker" role="group" aria-label="Clock">
      {clockChoices.map((offered) => (
        <button
          key={offered}
          type="button"
          aria-pressed={offered === choice}
          title={clockNames[offered]}
          onClick={() => setChoice(offered)}
        >
          {offered === 'local' ? 'Local' : offered.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
