import { createServer, request } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { openConsole } from './open-console.ts';
import type { OpenConsole } from './open-console.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import { rounded } from './statistics.ts';

const hourSeconds = 3600;
/** As the server sends: so many messages a second, each with a sample of so many lines. */
const messagesPerSecond = 4;
const sampleRows = 20;
const measurements = 8;
const alertsPerHour = 600;

export const tabMemory: Bench = {
  name: 'tab-memory',
  target: 'An open tab holds no more memory after an hour of 1,000 events a second than at its beginning: within 15 %',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const rate = options.rate ?? 1000;
      const seconds = options.seconds ?? (options.tiny ? 3 : 90);
      const server = await startServer(directory, options.profileDirectory);
      try {
        const console = await openConsole(server);
        const feed = await startFeed(server.address, { rate, seconds });
        try {
          const address = `http://localhost:${feed.port}`;
          // Of another port, but of the same host: the cookie holds there too.
          await console.context.addInitScript("localStorage.setItem('sallyport.signed-in', '1')");
          await console.page.goto(`${address}/`);
          await console.page.getByRole('heading', { name: 'Overview' }).waitFor();
          await feed.opened;
          const points = [];
          for (let at = 0; at <= measurements; at += 1) {
            points.push({ share: at / measurements, sent: feed.sent(), ...(await memoryOf(console)) });
            progress(JSON.stringify(points.at(-1)));
            if (at < measurements) await wait((seconds * 1000) / measurements);
          }
          await feed.ended;
          const last = await memoryOf(console);
          // The first measurement is of a page that has shown nothing yet.
          const [, start] = points;
          const middle = points[Math.floor(measurements / 2)];
          const shown = await console.page.locator('.rail .live-mark').innerText();
          return {
            processed: start === undefined ? 0 : feed.sent(),
            inputs: {
              events: rate * hourSeconds,
              messages: hourSeconds * messagesPerSecond,
              alerts: alertsPerHour,
              accelerated: rounded(hourSeconds / seconds),
              chromium: console.version,
            },
            figures: { points, after: last, live_mark: shown },
            ratios: {
              heap_end_to_start: rounded(last.heap_mebibytes / (start?.heap_mebibytes ?? 1)),
              heap_end_to_middle: rounded(last.heap_mebibytes / (middle?.heap_mebibytes ?? 1)),
              nodes_end_to_start: rounded(last.dom_nodes / (start?.dom_nodes ?? 1)),
            },
            notes: [
              'the live stream is played by a loopback server that speaks as ours does, an hour of it in the given seconds; everything else is answered by the real server',
              'start: after an eighth of the hour; JavaScript heap after a collection',
            ],
          };
        } finally {
          await console.close();
          feed.stop();
        }
      } finally {
        await server.stop();
      }
    }),
};

type Memory = {
  readonly heap_mebibytes: number;
  readonly dom_nodes: number;
  readonly listeners: number;
  readonly elements: number;
};

async function memoryOf({ debug, page }: OpenConsole): Promise<Memory> {
  await debug.send('HeapProfiler.collectGarbage');
  const { usedSize } = await debug.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await debug.send('Memory.getDOMCounters');
  return {
    heap_mebibytes: rounded(usedSize / 1024 / 1024),
    dom_nodes: nodes,
    listeners: jsEventListeners,
    elements: await page.locator('*').count(),
  };
}

type Feed = {
  readonly port: number;
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  /** Events counted so far. */
  readonly sent: () => number;
  readonly stop: () => void;
};

/** Hands everything on to the real server, but plays the live stream itself: one hour of it, faster. */
async function startFeed(
  target: string,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Feed> {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  let stopped = false;
  const play = async (reply: ServerResponse): Promise<void> => {
    reply.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    reply.write(`id: 1/0,0\nevent: state\ndata: ${JSON.stringify({ state: 'live', head: '1/0' })}\n\n`);
    opened.resolve();
    const total = hourSeconds * messagesPerSecond;
    const startedAt = performance.now();
    for (let message = 0; message < total && !stopped;) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / (seconds * 1000)) * total));
      for (; message < due; message += 1) {
        sent += rate / messagesPerSecond;
        const isFull = !reply.write(eventsMessage(sent, rate / messagesPerSecond));
        if (message % Math.floor(total / alertsPerHour) === 0) reply.write(alertMessage(sent, message));
        if (isFull) await new Promise<void>((resolve) => void reply.once('drain', () => resolve()));
      }
      await wait(5);
    }
    ended.resolve();
  };
  const server: Server = createServer((incoming, reply) => {
    if (incoming.url?.startsWith('/v1/live') === true) {
      void play(reply);
      return;
    }
    const onward = request(
      new URL(incoming.url ?? '/', target),
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
      },
    );
    onward.on('error', () => reply.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    opened: opened.promise,
    ended: ended.promise,
    sent: () => sent,
    stop() {
      stopped = true;
      server.closeAllConnections();
      server.close();
    },
  };
}

function eventsMessage(end: number, count: number): string {
  const sample = Array.from({ length: sampleRows }, (_, at) => ({
    position: `1/${end - sampleRows + at}`,
    received: new Date().toISOString(),
    class_uid: 1007,
    severity_id: 1,
    host: `web${at}`,
    user: 'alice',
    product: 'Sysmon',
    text: `C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s ${end + at}`,
    synthetic: false,
  }));
  return `id: 1/${end},0\nevent: events\ndata: ${JSON.stringify({ count, from: `1/${end - count}`, to: `1/${end}`, sample })}\n\n`;
}

function alertMessage(end: number, number: number): string {
  const now = new Date().toISOString();
  const alert = {
    id: `bench-${number}`,
    number: number + 1,
    state: 'new',
    title: `Alert ${number}`,
    level: 'high',
    severity_id: 4,
    rule_id: 'bench',
    created_at: now,
    state_changed_at: now,
    finding: `1/${end}`,
    input: `1/${end}`,
    assignee: null,
  };
  return `id: 1/${end},${number + 1}\nevent: alert\ndata: ${JSON.stringify(alert)}\n\n`;
}
