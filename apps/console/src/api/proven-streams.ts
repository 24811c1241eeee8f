import { refreshedAtMs } from './fresh-session.ts';
import { call } from './call.ts';

/** As long as the server takes a proof for, with room for a slow line and for clocks of pages nobody looks at. */
const proveEveryMs = 120_000;
const lookEveryMs = 15_000;

type Named = { readonly name: string; provenAtMs: number };

const open = new Set<Named>();
let looking: ReturnType<typeof setInterval> | undefined;

/**
 * A name for something that goes on for long (decision 0068), to go into its address as `stream`. As long as it is open this browser
 * proves with its key that it is its own; else it would end with the cookie it was opened with.
 */
export function nameStream(): { readonly name: string; readonly opened: () => void; readonly closed: () => void } {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  const named: Named = {
    name: btoa(String.fromCodePoint(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
    provenAtMs: 0,
  };
  return {
    name: named.name,
    opened() {
      // Also when it was opened again: the cookie it came with is as old as that.
      named.provenAtMs = refreshedAtMs();
      open.add(named);
      looking ??= setInterval(look, lookEveryMs);
      look();
    },
    closed() {
      open.delete(named);
      if (open.size > 0) return;
      clearInterval(looking);
      looking = undefined;
    },
  };
}

function look(): void {
  const nowMs = Date.now();
  const due = [...open].filter(({ provenAtMs }) => nowMs - provenAtMs >= proveEveryMs || provenAtMs > nowMs);
  if (due.length === 0 || !navigator.onLine) return;
  for (const named of due) named.provenAtMs = nowMs;
  call('POST /v1/session/streams', { body: { streams: due.map(({ name }) => name) } }).catch(() => {
    // Soon again; what ends meanwhile is opened anew by whoever follows it.
    for (const named of due) named.provenAtMs = 0;
  });
}
