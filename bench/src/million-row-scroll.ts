import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '@sallyport/contracts';
import type { Page } from 'playwright-core';
import type { Bench } from './bench.ts';
import { openConsole } from './open-console.ts';
import type { OpenConsole } from './open-console.ts';
import { cpuSeconds } from './process-usage.ts';
import { drain } from './projection-lag.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { latencies, percentile, rounded } from './statistics.ts';
import type { Latencies } from './statistics.ts';

const frameMs = 1000 / 60;
const batchEvents = 2000;
const connections = 4;
const places = 40;
const wheelSeconds = 8;
/** As much as one turn of a mouse wheel. */
const turnPixels = 120;
/** The store rests when it takes less than this share of one core, so many samples in a row. */
const restingShare = 0.15;
const restSampleMs = 1000;
const restSamples = 5;
const settleLimitMs = 180_000;

/** Counts frames and long tasks, and says when the rows in sight are no longer empty. */
const watchFrames = `(() => {
  const watch = (window.benchFrames = { deltas: [], longTasksMs: [], running: false });
  let last = 0;
  const frame = (now) => { if (last !== 0 && watch.running) watch.deltas.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => { if (watch.running) for (const entry of list.getEntries()) watch.longTasksMs.push(entry.duration); }).observe({ type: 'longtask' });
  window.benchBlank = () => {
    const list = document.querySelector('.event-scroll').getBoundingClientRect();
    const rows = Array.from(document.querySelectorAll('.event-row')).filter((row) => { const at = row.getBoundingClientRect(); return at.bottom > list.top + 34 && at.top < list.bottom; });
    return rows.length === 0 || rows.some((row) => row.getAttribute('aria-busy') === 'true');
  };
  window.benchUntilFilled = () => new Promise((done) => {
    const start = performance.now();
    const look = () => (benchBlank() && performance.now() - start < 10000 ? requestAnimationFrame(look) : done(performance.now() - start));
    requestAnimationFrame(look);
  });
  window.benchGo = (share) => { const list = document.querySelector('.event-scroll'); list.scrollTop = share * (list.scrollHeight - list.clientHeight); return benchUntilFilled(); };
})()`;

export const millionRowScroll: Bench = {
  name: 'million-row-scroll',
  target: 'A list of a million events scrolls at 60 frames a second, and any place of it is filled within 250 ms',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rows = options.rows ?? (options.tiny ? 3000 : 1_000_000);
      const server = await startServer(directory, options.profileDirectory);
      try {
        const startedAt = performance.now();
        await fill(server, rows, progress);
        const acceptedSeconds = (performance.now() - startedAt) / 1000;
        progress(`${rows} accepted in ${acceptedSeconds.toFixed(0)} s`);
        await drain(server, 1200);
        const fillSeconds = (performance.now() - startedAt) / 1000;
        progress(`searchable after ${fillSeconds.toFixed(0)} s`);
        const { seconds: settleSeconds, settled } = await waitUntilStoreRests(server);
        progress(`the store ${settled ? 'rests' : 'does not rest yet'} after ${settleSeconds.toFixed(0)} s more`);
        const console = await openConsole(server);
        try {
          const result = await scroll(console, { rows, seconds: options.tiny ? 1 : wheelSeconds, progress });
          return {
            ...result,
            inputs: {
              rows,
              chromium: console.version,
              fill_seconds: rounded(fillSeconds),
              settle_seconds: rounded(settleSeconds),
              settled,
            },
            notes: [
              'filled through POST /v1/events with events of 100 bytes, by as many connections as keep the server busy',
              '`jump_request_ms`: the requests of those jumps by themselves, as the page sees them; the rest is the page',
              'measured once the store has merged what the fill wrote and rests (`settled`), at most three minutes later',
              'headless Chromium draws at 60 frames a second in software; server, store and browser share the machine',
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

async function fill(server: RunningServer, rows: number, progress: (line: string) => void): Promise<void> {
  let next = 0;
  const sender = async (connection: number): Promise<void> => {
    let sequence = 1;
    while (next < rows) {
      const from = next;
      next += Math.min(batchEvents, rows - from);
      const lines = Array.from({ length: next - from }, (_, at) =>
        JSON.stringify({ message: `row ${from + at}`, host: { name: `web${(from + at) % 40}` } }),
      );
      await server.send(Buffer.from(`${lines.join('\n')}\n`), sequence, `fill-${connection}`);
      sequence += lines.length;
      if (from % 100_000 < batchEvents) progress(`${next} of ${rows} sent`);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, connection) => sender(connection)));
}

/** After a fill the store goes on merging for a while; a list in daily use is not read beside a million new events. */
async function waitUntilStoreRests(server: RunningServer): Promise<{ seconds: number; settled: boolean }> {
  const started = performance.now();
  let resting = 0;
  while (resting < restSamples && performance.now() - started < settleLimitMs) {
    const before = cpuSeconds(server).store;
    await wait(restSampleMs);
    const share = ((cpuSeconds(server).store - before) * 1000) / restSampleMs;
    resting = share < restingShare ? resting + 1 : 0;
  }
  return { seconds: (performance.now() - started) / 1000, settled: resting >= restSamples };
}

async function scroll(
  { page }: OpenConsole,
  wanted: { readonly rows: number; readonly seconds: number; readonly progress: (line: string) => void },
): Promise<{ processed: number; figures: JsonObject; ratios: JsonObject }> {
  const openedAt = performance.now();
  await page.goto(new URL('/search', page.url()).href);
  await page.locator('.event-row[aria-busy="false"]').first().waitFor();
  const openMs = performance.now() - openedAt;
  await page.locator(`.event-scroll[aria-rowcount]`).waitFor();
  const listed = await rowCount(page, wanted.rows);
  await page.evaluate(watchFrames);

  const wheel = await frames(page, async () => {
    const box = await page.locator('.event-scroll').boundingBox();
    await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 200);
    for (let turn = 0; turn < wanted.seconds * 30; turn += 1) {
      await page.mouse.wheel(0, turnPixels);
      await wait(1000 / 30);
    }
  });
  wanted.progress(`wheel: ${JSON.stringify(wheel)}`);
  const drag = await frames(page, async () => {
    const box = await page.locator('.event-scroll').boundingBox();
    const [x, top, height] = [(box?.x ?? 0) + (box?.width ?? 0) - 6, (box?.y ?? 0) + 8, (box?.height ?? 0) - 16];
    await page.evaluate('benchGo(0)');
    await page.mouse.move(x, top);
    await page.mouse.down();
    const steps = wanted.seconds * 30;
    for (let step = 1; step <= steps; step += 1) {
      await page.mouse.move(x, top + (height * step) / steps);
      await wait(1000 / 30);
    }
    await page.mouse.up();
  });
  const dragFilledMs: number = await page.evaluate('benchUntilFilled()');
  wanted.progress(`drag: ${JSON.stringify(drag)}`);
  await page.evaluate('performance.clearResourceTimings()');
  const filledMs: number[] = [];
  for (let place = 0; place < places; place += 1) {
    // By the golden ratio: spread over the list, never twice near the same place.
    const found: number = await page.evaluate(`benchGo(${(place * 0.618_034) % 1})`);
    filledMs.push(found);
    await wait(200);
  }
  const requestsMs: number[] = await page.evaluate(
    `performance.getEntriesByType('resource').filter(({ name }) => /[?&]offset=/.test(name)).map(({ duration }) => duration)`,
  );
  const keys: Record<string, number> = {};
  await page.locator('.event-scroll').focus();
  for (const key of ['End', 'Home', 'PageDown', 'End']) {
    await page.keyboard.press(key);
    const found: number = await page.evaluate('benchUntilFilled()');
    keys[`${key}_${Object.keys(keys).length + 1}`] = rounded(found);
  }
  const oldest = await page.locator('.event-row').last().getAttribute('aria-rowindex');
  const filled = latencies(filledMs);
  return {
    processed: Number(oldest) - 1 === listed && listed >= wanted.rows ? listed : 0,
    figures: {
      listed,
      open_to_first_rows_ms: rounded(openMs),
      wheel,
      drag: { ...drag, filled_after_release_ms: rounded(dragFilledMs) },
      jump_until_filled_ms: placesOf(filled),
      jump_request_ms: requestsMs.length === 0 ? null : placesOf(latencies(requestsMs)),
      key_until_filled_ms: keys,
      dom_rows: await page.locator('.event-row').count(),
    },
    ratios: {
      wheel_frames_to_60: rounded(wheel.frames_per_second / 60),
      drag_frames_to_60: rounded(drag.frames_per_second / 60),
      jump_p99_to_250_ms: rounded(filled.p99 / 250),
    },
  };
}

function placesOf({ p50, p90, p99, max, count }: Latencies): JsonObject {
  return { p50: rounded(p50), p90: rounded(p90), p99: rounded(p99), max: rounded(max), count };
}

type Frames = {
  readonly frames_per_second: number;
  readonly frame_p99_ms: number;
  readonly frames_over_two: number;
  readonly frames: number;
  readonly long_tasks: number;
  readonly longest_task_ms: number;
};

/** How the page drew while something was done to it. */
async function frames(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate('Object.assign(benchFrames, { deltas: [], longTasksMs: [], running: true })');
  await act();
  await page.evaluate('benchFrames.running = false');
  const deltas: number[] = await page.evaluate('benchFrames.deltas');
  const long: number[] = await page.evaluate('benchFrames.longTasksMs');
  const total = deltas.reduce((sum, delta) => sum + delta, 0);
  return {
    frames_per_second: rounded((deltas.length * 1000) / total),
    frame_p99_ms: rounded(percentile(deltas, 99)),
    frames_over_two: deltas.filter((delta) => delta > frameMs * 2.1).length,
    frames: deltas.length,
    long_tasks: long.length,
    longest_task_ms: rounded(Math.max(0, ...long)),
  };
}

/** The count comes after the first rows. */
async function rowCount(page: Page, least: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const count = Number(await page.locator('.event-scroll').getAttribute('aria-rowcount')) - 1;
    if (count >= least) return count;
    await wait(100);
  }
  return 0;
}
