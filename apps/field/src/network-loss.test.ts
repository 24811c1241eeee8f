// A phone films on while its network is gone, and while its server is killed: what it kept is counted to the picture
// afterwards. With SALLYPORT_LOSS_SECONDS the network is gone for so long, and the server is also stopped and started.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createServerUnderTest, repositoryRoot } from '@sallyport/testing/server-under-test';
import { eventually } from '@sallyport/testing/waiting';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBreakableLine } from './testing/breakable-line.ts';
import type { BreakableLine } from './testing/breakable-line.ts';
import { listenToRecorder } from './testing/handed-over.ts';
import type { HandedOver } from './testing/handed-over.ts';
import { keptSegments } from './testing/kept-segments.ts';
import { countLate } from './testing/late-count.ts';
import type { Counted, Stored } from './testing/late-count.ts';
import { watchHeap } from './testing/page-heap.ts';
import { newPhone, startPhoneBrowser } from './testing/phone-browser.ts';

const isLong = process.env['SALLYPORT_LOSS_SECONDS'] !== undefined;
const seconds = Number(process.env['SALLYPORT_LOSS_SECONDS'] ?? '5');
/** A line that goes silent is found out after twelve seconds: too long to wait for in every run. */
const how = seconds > 30 ? 'silent' : 'refused';
const longMs = 300_000 + seconds * 1000;
const server = createServerUnderTest();
const ends: (() => Promise<void>)[] = [() => server.end()];
let line: BreakableLine;
let browser: Browser;
let phone: BrowserContext;
let page: Page;
let handedOver: readonly HandedOver[];
let deviceId = '';
let beganMs = 0;

before(async () => {
  const starting = startPhoneBrowser();
  ends.unshift(async () => (await starting).close());
  [browser] = await Promise.all([starting, server.start()]);
  line = await openBreakableLine(() => {
    const { hostname, port } = new URL(server.address());
    return { host: hostname, port: Number(port) };
  });
  ends.unshift(() => line.end());
  phone = await newPhone(browser);
  page = await phone.newPage();
  handedOver = await listenToRecorder(page);
});

after(async () => {
  for (const end of ends) await end();
});

async function ask(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await server.ask({
    method,
    path,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  const read = parseJson(answer.text === '' ? '{}' : answer.text);
  return isJsonObject(read) ? read : {};
}

const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter((one) => isJsonObject(one)) : []);

async function gapsTold(): Promise<JsonObject[]> {
  const path = `/v1/cameras/${deviceId}/timeline?from_ms=${beganMs}&to_ms=${Date.now() + 1000}`;
  return listOf((await ask('GET', path))['gaps']);
}

/** With a hash for each picture. */
const kept = async (): Promise<Stored[]> =>
  (await keptSegments(server, { id: deviceId, sinceMs: beganMs })).map(({ startedMs, endedMs, isLate, records }) => ({
    startMs: startedMs,
    endMs: endedMs,
    isLate,
    frames: records
      .filter(({ kind }) => kind === 'frame')
      .map(({ payload }) => createHash('sha256').update(payload).digest('hex')),
  }));

const sentence = (text: RegExp) => page.locator('.state').getByText(text).waitFor({ timeout: longMs });
/** Its browser says that there is a network again: it tries at once what it would have tried a little later. */
const online = (): Promise<unknown> => page.evaluate("dispatchEvent(new Event('online'))");
const filmsToServer = () => sentence(/Picture and sound go to/);

/**
 * Whatever the phone did not know to be on the server comes there, once, picture by picture; gives what was counted. The
 * phone was without a server from before `untilMs` on.
 */
async function everythingIsThere(sinceMs: number, untilMs: number): Promise<Counted> {
  const nothingWaits = () => page.getByText('nothing waits').waitFor({ timeout: longMs });
  await eventually({
    what: 'what was filmed while it was cut off is handed over',
    timeoutMs: longMs,
    look: () => (handedOver.some(({ isDelivered, endedMs }) => !isDelivered && endedMs > untilMs) ? true : undefined),
  });
  await nothingWaits();
  const counted = await eventually({
    what: 'everything the phone kept is on the server',
    timeoutMs: longMs,
    everyMs: 300,
    look: async () => countLate({ stored: await kept(), handedOver, sinceMs }),
    describe: () => server.output().slice(-2000),
  });
  await nothingWaits();
  return counted;
}

const gapsBetween = async (fromMs: number, toMs: number): Promise<{ fromMs: number; toMs: number; why: string }[]> =>
  (await gapsTold())
    .map((gap) => ({ fromMs: Number(gap['from_ms']), toMs: Number(gap['to_ms']), why: textOf(gap['why']) }))
    .filter((gap) => gap.toMs > fromMs && gap.fromMs < toMs);

test('A phone films through a line that can be taken away', async () => {
  const made = await ask('POST', '/v1/devices/enrolments', { name: 'Far gate', kind: 'phone' });
  await page.goto(`http://localhost:${line.port}/field/#enrol=${textOf(made['code'])}`);
  await page.getByRole('button', { name: 'Enrol this phone' }).click();
  await page.getByRole('heading', { name: 'Compare the fingerprint' }).waitFor();
  const [waiting] = listOf((await ask('GET', '/v1/devices'))['devices']);
  deviceId = textOf(waiting?.['id']);
  await ask('POST', `/v1/devices/${deviceId}/approve`);
  await online();
  beganMs = Date.now();
  await page.getByRole('button', { name: 'Start filming' }).click();
  await filmsToServer();
});

test(
  `${seconds} seconds without a network are on the server afterwards, to the picture, and explained`,
  { timeout: longMs * 2 },
  async (context) => {
    // A quiet second before, so that the loss has a beginning.
    await eventually({
      what: 'the server hears the camera',
      timeoutMs: 60_000,
      look: async () =>
        listOf((await ask('GET', '/v1/cameras'))['cameras'])[0]?.['state'] === 'live' ? true : undefined,
    });
    const heapBytes = await watchHeap(page);
    const heap = [await heapBytes()];
    const goneMs = Date.now();
    line.cut(how);
    await sentence(/No connection|Connecting to/);
    for (let minute = 1; minute <= seconds / 60; minute += 1) {
      await wait(Math.max(0, goneMs + minute * 60_000 - Date.now()));
      heap.push(await heapBytes());
    }
    await wait(Math.max(0, goneMs + seconds * 1000 - Date.now()));
    line.mend();
    const backMs = Date.now();
    await filmsToServer();
    const reconnectedMs = Date.now();
    const counted = await everythingIsThere(goneMs, (goneMs + backMs) / 2);
    const uploadedMs = Date.now();
    assert.ok(counted.frames > seconds * 2, JSON.stringify(counted));
    const gaps = await gapsBetween(goneMs, backMs);
    context.diagnostic(
      `${seconds} s ${how}: ${counted.segments} segments with ${counted.frames} pictures came later, ${counted.covered} the server had; connected ${reconnectedMs - backMs} ms after, all there ${uploadedMs - backMs} ms after`,
    );
    context.diagnostic(JSON.stringify(gaps.map(({ fromMs, toMs, why }) => [fromMs - goneMs, toMs - goneMs, why])));
    heap.push(await heapBytes());
    context.diagnostic(`heap of the page, KiB: ${heap.map((bytes) => Math.round(bytes / 1024)).join(' ')}`);
    assert.deepEqual([...new Set(gaps.map(({ why }) => why))], ['uploaded_later']);
  },
);

/** Films for so long by the camera's own time, on a machine of any speed. */
async function film(forSeconds: number): Promise<void> {
  await page.evaluate(`(async () => {
    const video = document.querySelector('video');
    const from = video.currentTime;
    while (video.currentTime < from + ${forSeconds}) await new Promise((painted) => requestAnimationFrame(painted));
  })()`);
}

const killed = async (): Promise<void> => {
  server.kill('server');
  await server.ready();
  await online();
};
const stoppedAndStarted = async (): Promise<void> => {
  await server.stop();
  await server.start();
  await online();
};

for (const [how, again] of [
  ['killed', killed] as const,
  // For the phone the same, and for the server what late-uploads.test.ts tells: a start of it more than every run can pay.
  ...(isLong ? [['stopped and started', stoppedAndStarted] as const] : []),
]) {
  test(
    `The server is ${how} while it takes pictures: the phone films on, comes back by itself, and nothing is missing or twice`,
    { timeout: longMs },
    async (context) => {
      await filmsToServer();
      await film(1);
      const goneMs = Date.now();
      const isAway = sentence(/No connection|Connecting to/);
      await again();
      await isAway;
      const upMs = Date.now();
      await filmsToServer();
      const backMs = Date.now();
      // From before the first thing that was in memory alone.
      const counted = await everythingIsThere(goneMs - 20_000, goneMs + 500);
      const gaps = await gapsBetween(goneMs - 20_000, backMs);
      context.diagnostic(
        `${how}: up after ${upMs - goneMs} ms, connected ${backMs - upMs} ms later, all there ${Date.now() - backMs} ms later; ${counted.segments} segments with ${counted.frames} pictures came later, ${counted.covered} the server had`,
      );
      context.diagnostic(JSON.stringify(gaps.map(({ fromMs, toMs, why }) => [fromMs - goneMs, toMs - goneMs, why])));
      assert.ok(counted.frames > 0);
      assert.deepEqual([...new Set(gaps.map(({ why }) => why))], ['uploaded_later']);
    },
  );
}

const clipFile = join(server.directory, 'clip.html');

async function exportClip(): Promise<void> {
  const [gap] = await gapsTold();
  const clip = await server.ask({
    method: 'POST',
    path: `/v1/cameras/${deviceId}/clips`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from_ms: beganMs, to_ms: Number(gap?.['to_ms']) + 1000, reason: 'The network was gone' }),
    timeoutMs: longMs,
  });
  assert.equal(clip.status, 200, clip.text.slice(0, 500));
  writeFileSync(clipFile, clip.text);
  const overview = await ask('GET', '/v1/overview');
  const key = textOf(isJsonObject(overview['ledger']) ? overview['ledger']['verifier_key'] : undefined);
  const verified = spawnSync(
    process.execPath,
    [join(repositoryRoot, 'apps/cli/src/main.ts'), 'clip', 'verify', clipFile, '--key', key],
    { encoding: 'utf8', env: { ...server.environment } },
  );
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(verified.stdout, /recorded by the camera itself and sent later/);
}

async function playClip(): Promise<void> {
  const reader = await browser.newPage();
  await reader.goto(pathToFileURL(clipFile).href);
  await reader.getByRole('heading', { name: /^\? Agrees with itself/ }).waitFor({ timeout: longMs });
  await reader.getByLabel('Speed').selectOption('8');
  await reader.getByRole('button', { name: 'Play', exact: true }).click();
  await reader.getByRole('button', { name: 'Play', exact: true }).waitFor({ timeout: longMs });
  await reader.close();
}

test(
  'Its page closed, it was off and not offline; what came later is in a clip that verifies and plays without the server',
  { timeout: longMs },
  async () => {
    await filmsToServer();
    const { href } = new URL('/field/', page.url());
    const stoppedMs = Date.now();
    await page.close();
    const makeClip = async (): Promise<void> => {
      await exportClip();
      await playClip();
    };
    // Nothing is filmed for longer than a gap has to be to count.
    await Promise.all([wait(3100), makeClip()]);
    page = await phone.newPage();
    await page.goto(href);
    await page.getByRole('button', { name: 'Start filming' }).click();
    await filmsToServer();
    const filmsMs = Date.now();
    const explained = await eventually({
      what: 'the time is explained',
      timeoutMs: 60_000,
      async look() {
        const gaps = await gapsBetween(stoppedMs + 1000, filmsMs);
        return gaps.length > 0 ? gaps : undefined;
      },
    });
    assert.deepEqual([...new Set(explained.map(({ why }) => why))], ['camera_off']);
  },
);
