/** The key of a log as this browser first saw it. Whoever signs with another one later is told apart. */
export type PinnedKey = { readonly verifierKey: string; readonly firstSeenMs: number };

const prefix = 'sallyport.log-key.';

/** Undefined when this browser has not seen the log before. Keys are kept per log number: `1` for the first. */
export function pinnedKey(log: number): PinnedKey | undefined {
  const stored = localStorage.getItem(`${prefix}${log}`);
  const [verifierKey, firstSeen] = stored?.split('\n') ?? [];
  if (verifierKey === undefined || firstSeen === undefined) return undefined;
  return { verifierKey, firstSeenMs: Number(firstSeen) };
}

/** Trust on first use: keeps the key unless there is one. */
export function pinIfNew(log: number, verifierKey: string): void {
  if (pinnedKey(log) === undefined) localStorage.setItem(`${prefix}${log}`, `${verifierKey}\n${Date.now()}`);
}

/** Only when a person says so, knowing why the key changed. */
export function forgetPinnedKey(log: number): void {
  localStorage.removeItem(`${prefix}${log}`);
}

/** The part of a key people can compare: name and short hash. */
export function keyFingerprint(verifierKey: string): string {
  return verifierKey.split('+').slice(0, 2).join(' · ');
}
