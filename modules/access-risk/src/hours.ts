const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const halfLifeMs = 30 * dayMs;
/** How much the hours beside one count with it, around midnight too. */
const kernel = [1, 0.6, 0.25] as const;
const leastSignIns = 15;
const leastAgeMs = 14 * dayMs;
const usualShare = 0.9;
const oddShare = 0.015;

type Hours = { hours: number[]; hoursAtMs: number };

export function learnHour(state: Hours, atMs: number): void {
  const faded = 0.5 ** (Math.max(0, atMs - state.hoursAtMs) / halfLifeMs);
  state.hours = state.hours.map((count) => count * faded);
  const hour = hourOf(atMs);
  state.hours[hour] = (state.hours[hour] ?? 0) + 1;
  state.hoursAtMs = Math.max(state.hoursAtMs, atMs);
}

/** In words, when so few of their sign-ins came at about this hour; undefined before 15 of them in 14 days are known. */
export function oddHour({ hours, firstMs }: Hours & { readonly firstMs: number }, atMs: number): string | undefined {
  const total = hours.reduce((sum, count) => sum + count, 0);
  if (total < leastSignIns || atMs - firstMs < leastAgeMs) return undefined;
  const hour = hourOf(atMs);
  const near = kernel.reduce(
    (sum, weight, away) =>
      sum + weight * (away === 0 ? at(hours, hour) : at(hours, hour + away) + at(hours, hour - away)),
    0,
  );
  if (near / total >= oddShare) return undefined;
  const [from, to] = usualHours(hours, total);
  return `Signed in at ${clockTime(atMs)} UTC; usually between ${twoDigits(from)}:00 and ${twoDigits(to)}:00`;
}

/** The shortest stretch of the day with nine in ten of them. */
function usualHours(hours: readonly number[], total: number): readonly [number, number] {
  for (let length = 1; length < 24; length += 1) {
    for (let from = 0; from < 24; from += 1) {
      let sum = 0;
      for (let hour = 0; hour < length; hour += 1) sum += at(hours, from + hour);
      if (sum >= total * usualShare) return [from, (from + length) % 24];
    }
  }
  return [0, 24];
}

function at(hours: readonly number[], hour: number): number {
  return hours[(hour + 24) % 24] ?? 0;
}

function hourOf(atMs: number): number {
  return new Date(atMs).getUTCHours();
}

function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

function twoDigits(hour: number): string {
  return String(hour).padStart(2, '0');
}
