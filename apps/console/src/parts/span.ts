/** "0.4 s", "3 min", "2 h", "5 days": how long something takes or took. Never negative. */
export function formatSpan(spanMs: number): string {
  const seconds = Math.max(0, spanMs) / 1000;
  if (seconds < 0.995) return seconds < 0.0005 ? '0 s' : `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** From the time an event claims to when it was received: `behind` by so much, or ahead because a clock is. */
export function lagWords(lagMs: number): string {
  return lagMs < -1000 ? `${formatSpan(-lagMs)} ahead of the server’s clock` : `${formatSpan(lagMs)} behind`;
}

/** "640 B", "12.3 kB", "1.2 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.max(0, bytes);
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[at] ?? ''}`;
}
