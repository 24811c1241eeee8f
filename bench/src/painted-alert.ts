import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '@sallyport/contracts';
import type { Bench } from './bench.ts';
import { openConsole } from './open-console.ts';
import type { OpenConsole } from './open-console.ts';
import { drain } from './projection-lag.ts';
import { objectOf, textOf } from './read-json.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { latencies, rounded } from './statistics.ts';
import type { Latencies } from './statistics.ts';
import { createWindowsEvents, toLines } from './windows-events.ts';
import type { WindowsEvents } from './windows-events.ts';

const targetMs = 500;
const everyMs = 120;
const paintLimitMs = 10_000;

/**
 * Notes for every seal in a row of alerts, and for every notice, when the frame that first showed it was on the screen: a
 * message posted inside an animation frame is delivered after the frame was painted.
 */
const watchPaints = `(() => {
  const painted = (window.benchPainted = {});
  const find = () => [
    ...Array.from(document.querySelectorAll('.alert-row .seal'), (seal) => 'row ' + seal.getAttribute('aria-label').split(' ')[2].replace(':', '')),
    ...Array.from(document.querySelectorAll('.toast a'), (link) => 'notice ' + new URL(link.href).searchParams.get('open')),
  ];
  new MutationObserver(() => {
    const fresh = find().filter((name) => !(name in painted));
    if (fresh.length === 0) return;
    for (const name of fresh) painted[name] = 0;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => { const at = performance.timeOrigin + performance.now(); for (const name of fresh) painted[name] = at; };
      channel.port2.postMessage(0);
    });
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label', 'href'] });
})()`;

type Sent = { readonly input: string; readonly acceptedAtMs: number };

export const paintedAlert: Bench = {
  name: 'painted-alert',
  target: 'From the reply that an event is durable to its alert painted in an open tab: p99 under 500 ms',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const attacks = options.tiny ? 5 : (options.rows ?? 500);
      const events = createWindowsEvents(createSeededRandom(options.seed), Date.now());
      const server = await startServer(directory, options.profileDirectory);
      try {
        const console = await openConsole(server);
        try {
          const clockDistanceMs = await clocksApart(console);
          let sequence = 0;
          const nextSequence = (): number => (sequence += 1);
          const run = async (room: string, count: number): Promise<readonly Sent[]> => {
            await console.page.goto(new URL(room, console.page.url()).href);
            await console.page.locator('.rail .live-mark[data-state="live"]').waitFor();
            await console.page.evaluate(watchPaints);
            return sendOneByOne(server, events, count, { nextSequence, progress });
          };
          const inList = await measured(console, server, 'row', () => run('/alerts', attacks));
          const inNotice = await measured(console, server, 'notice', () => run('/ledger', Math.ceil(attacks / 5)));
          const figures = (found: Latencies): JsonObject => ({
            p50: rounded(found.p50),
            p90: rounded(found.p90),
            p99: rounded(found.p99),
            max: rounded(found.max),
            count: found.count,
          });
          return {
            processed:
              inList.missed + inList.never + inNotice.never === 0 ? inList.found.count + inNotice.found.count : 0,
            inputs: { attacks, every_ms: everyMs, seed: options.seed, chromium: console.version },
            figures: {
              row_in_alerts_ms: figures(inList.found),
              notice_in_another_room_ms: figures(inNotice.found),
              alerts_in_the_list: inList.alerts,
              rows_never_painted: inList.missed,
              events_without_alert: inList.never + inNotice.never,
              notices_replaced_before_painted: inNotice.missed,
              clocks_apart_ms: rounded(clockDistanceMs),
            },
            ratios: {
              row_p50_to_target: rounded(inList.found.p50 / targetMs),
              row_p99_to_target: rounded(inList.found.p99 / targetMs),
              notice_p99_to_target: rounded(inNotice.found.p99 / targetMs),
            },
            notes: [
              'from the reply to POST /v1/events, read by the sender, to the frame on the screen; below 0 the alert came first',
              'one row that is never painted, or an event without its alert, fails the bench; an event may have several',
              'sender, server and Chromium (software drawing) share the machine',
            ],
          };
        } finally {
          await console.close();
        }
      } finally {
        await server.stop();
      }
    }),
};

async function sendOneByOne(
  server: RunningServer,
  events: WindowsEvents,
  count: number,
  { nextSequence, progress }: { nextSequence: () => number; progress: (line: string) => void },
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  for (let at = 0; at < count; at += 1) {
    const reply = await server.send(toLines([events.attackEvent()]), nextSequence(), 'bench-attacks');
    const acceptedAtMs = performance.timeOrigin + performance.now();
    const [run] = Array.isArray(reply['runs']) ? reply['runs'].map(objectOf) : [];
    if (run !== undefined) sent.push({ input: `${textOf(run['log'])}/${textOf(run['index'])}`, acceptedAtMs });
    if (at % 100 === 99) progress(`${at + 1} of ${count} sent`);
    await wait(everyMs);
  }
  return sent;
}

async function measured(
  console: OpenConsole,
  server: RunningServer,
  kind: 'row' | 'notice',
  run: () => Promise<readonly Sent[]>,
): Promise<{ readonly found: Latencies; readonly alerts: number; readonly missed: number; readonly never: number }> {
  const sent = await run();
  await drain(server, 60);
  const alerts = await alertsByInput(server);
  const expected = sent.flatMap(({ input, acceptedAtMs }) =>
    (alerts.get(input) ?? []).map(({ id, finding }) => ({
      acceptedAtMs,
      name: `${kind} ${kind === 'row' ? finding : id}`,
    })),
  );
  let waits: number[] = [];
  // Each row has its time; of notices only the newest is shown, and the older ones are not waited for.
  for (let waitedMs = 0; waitedMs <= (kind === 'row' ? paintLimitMs : 1000); waitedMs += 250) {
    const seen: JsonObject = await console.page.evaluate('window.benchPainted');
    waits = expected.flatMap(({ acceptedAtMs, name }) => {
      const at = Number(seen[name] ?? 0);
      return at > 0 ? [at - acceptedAtMs] : [];
    });
    if (waits.length === expected.length) break;
    await wait(250);
  }
  return {
    found: latencies(waits),
    alerts: expected.length,
    missed: expected.length - waits.length,
    never: sent.filter(({ input }) => !alerts.has(input)).length,
  };
}

/** All there are: an event that several rules match has several. */
async function alertsByInput(
  server: RunningServer,
): Promise<ReadonlyMap<string, readonly { readonly id: string; readonly finding: string }[]>> {
  const found = new Map<string, { id: string; finding: string }[]>();
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: JsonObject = await server.get(
      `/v1/alerts?limit=100${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
    );
    const alerts = Array.isArray(page['alerts']) ? page['alerts'].map(objectOf) : [];
    for (const alert of alerts) {
      const input = textOf(alert['input']);
      found.set(input, [...(found.get(input) ?? []), { id: textOf(alert['id']), finding: textOf(alert['finding']) }]);
    }
    after = typeof page['next'] === 'string' ? page['next'] : undefined;
  }
  return found;
}

/** How far the page's clock is from ours, half a round trip allowed for; the best of several. */
async function clocksApart({ page }: OpenConsole): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const before = performance.timeOrigin + performance.now();
    const theirs = Number(await page.evaluate('performance.timeOrigin + performance.now()'));
    const after = performance.timeOrigin + performance.now();
    const apart = theirs - (before + after) / 2;
    if (Math.abs(apart) < Math.abs(best)) best = apart;
  }
  return best;
}
