import { useLocalStorage } from '@mantine/hooks';

export type ClockChoice = 'local' | 'utc';

/** Whether times are shown in local time or UTC, everywhere at once. */
export function useClockChoice() {
  return useLocalStorage<ClockChoice>({
    key: 'sallyport.clock',
    defaultValue: 'local',
    getInitialValueInEffect: false,
  });
}

export function formatTime(timeMs: number, choice: ClockChoice, style: 'full' | 'short' = 'full'): string {
  const utc = choice === 'utc';
  const date = new Date(timeMs);
  const isToday = new Date().toDateString() === date.toDateString() && !utc;
  const day = isToday && style === 'short' ? {} : ({ day: 'numeric', month: 'short' } as const);
  const text = new Intl.DateTimeFormat(undefined, {
    ...day,
    ...(date.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(utc ? { timeZone: 'UTC' } : {}),
  }).format(date);
  return utc ? `${text} UTC` : text;
}

/** A moment. A click shows every time on the page in UTC, and back. */
export function Clock({ at, short = true }: { readonly at: string | number; readonly short?: boolean }) {
  const [choice, setChoice] = useClockChoice();
  const timeMs = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(timeMs)) return <span className="quiet">unknown</span>;
  const other = choice === 'utc' ? 'local' : 'utc';
  return (
    <button
      type="button"
      className="clock"
      title={`${new Date(timeMs).toISOString()} · click for ${other === 'utc' ? 'UTC' : 'local time'}`}
      onClick={(event) => {
        event.stopPropagation();
        setChoice(other);
      }}
    >
      <time dateTime={new Date(timeMs).toISOString()}>{formatTime(timeMs, choice, short ? 'short' : 'full')}</time>
    </button>
  );
}
