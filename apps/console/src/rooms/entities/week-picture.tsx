const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const cell = 10;
const left = 30;

/** How much is usual in each hour of the week: a row a day, the darker the more. Times are UTC, as they are learnt. */
export function WeekPicture({ week, label }: { readonly week: readonly number[]; readonly label: string }) {
  const most = Math.max(...week, 0);
  const busiest = week.indexOf(most);
  const words =
    most === 0
      ? `${label}: nothing is usual yet`
      : `${label}: most on ${days[Math.floor(busiest / 24)] ?? ''} at ${busiest % 24}:00 UTC, about ${most} an hour`;
  return (
    <figure className="week-picture">
      <svg viewBox={`0 0 ${left + 24 * cell} ${7 * cell + 12}`} role="img" aria-label={words}>
        {days.map((day, row) => (
          <text key={day} x="0" y={row * cell + 8}>
            {day}
          </text>
        ))}
        {week.map((mean, hour) => (
          <rect
            key={`${days[Math.floor(hour / 24)] ?? ''}${hour % 24}`}
            x={left + (hour % 24) * cell}
            y={Math.floor(hour / 24) * cell}
            width={cell - 1}
            height={cell - 1}
            rx="1.5"
            opacity={most === 0 ? 0.08 : 0.08 + 0.92 * (mean / most)}
          />
        ))}
        {[0, 6, 12, 18].map((hour) => (
          <text key={hour} x={left + hour * cell} y={7 * cell + 10}>
            {hour}
          </text>
        ))}
      </svg>
      <figcaption className="quiet small">{words}</figcaption>
    </figure>
  );
}
