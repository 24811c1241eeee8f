import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Position } from '@sallyport/contracts';
import type { Alert } from '@sallyport/incident-response';
import { createManualClock } from '@sallyport/platform/clock';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createLive } from './live.ts';
import type { LiveKind, LiveNeeds } from './live.ts';

type Frame = { readonly id: string; readonly event: string; readonly data: Record<string, unknown> };

function setUp(limits: LiveNeeds['limits'] = {}) {
  const ledger = createMemoryLedger({ clock: createManualClock(Date.UTC(2026, 0, 2)) });
  const timers: { intervalMs: number; task: () => void }[] = [];
  const listeners = new Set<(alert: Alert) => void>();
  const changeListeners = new Set<(alert: Alert) => void>();
  const stored: Alert[] = [];
  let sequence = 0;
  let fetches = 0;
  const live = createLive({
    ledger,
    alerts: {
      async after(number, limit) {
        fetches += 1;
        return stored.filter((alert) => alert.announcement > number).slice(0, limit);
      },
      newestNumber: async () => stored.at(-1)?.announcement ?? 0,
      numberBefore: async (position) => stored.findLast(({ finding }) => finding.index < position.index)?.number ?? 0,
      onAlert(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onChange(listener) {
        changeListeners.add(listener);
        return () => changeListeners.delete(listener);
      },
    },
    every(intervalMs, task) {
      const timer = { intervalMs, task };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
    limits,
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    live,
    ledger,
    fetches: () => fetches,
    timers: () => timers.length,
    async goOff(intervalMs: number) {
      for (const timer of timers) if (timer.intervalMs === intervalMs) timer.task();
      await settle();
    },
    async append(texts: readonly string[], more: object = {}): Promise<readonly Position[]> {
      const entries = texts.map((message) => ({
        classUid: 0,
        body: new TextEncoder().encode(JSON.stringify({ message, ...more })),
        sequence: (sequence += 1),
      }));
      return ledger.append({ collector: 'x', priority: 'intake', entries });
    },
    async alert(finding: Position) {
      const number = stored.length + 1;
      const alert: Alert = {
        id: `1-${number}`,
        number,
        state: 'new',
        createdAtMs: 0,
        stateChangedAtMs: 0,
        title: 'T',
        level: 'high',
        ruleId: 'r',
        finding,
        input: finding,
        entities: { host: `host-${number}` },
        count: 1,
        lastSeenAtMs: 0,
        lastFinding: finding,
        announcement: number,
        announcedAtMs: 0,
        revision: 0,
        priority: { value: 60, basis: {} },
      };
      stored.push(alert);
      for (const listener of listeners) listener(alert);
      await settle();
    },
    /** Somebody changed these, in this order. */
    async change(numbers: readonly number[], changes: Partial<Alert>) {
      for (const number of numbers) {
        const alert = stored.find((one) => one.number === number);
        if (alert !== undefined) for (const listener of changeListeners) listener({ ...alert, ...changes });
      }
      await settle();
    },
    async open(
      kinds: readonly LiveKind[] = ['events', 'alerts'],
      from?: { position: Position; alert?: number },
      callerId = 'a',
    ) {
      const stream = await live.open({ callerId, kinds: new Set(kinds), ...(from === undefined ? {} : { from }) });
      await settle();
      return stream;
    },
  };
}

/** Everything that waits in the stream. */
function take(stream: Readable): Frame[] {
  const chunk: unknown = stream.read();
  const text = typeof chunk === 'string' ? chunk : '';
  return text.split('\n\n').flatMap((part) => {
    const [id, event, data] = ['id', 'event', 'data'].map((name) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1]);
    return id === undefined || event === undefined || data === undefined ? [] : [{ id, event, data: JSON.parse(data) }];
  });
}

const names = (frames: readonly Frame[]) =>
  frames.map(({ event, data }) => (event === 'state' ? data['state'] : event));
const tickMs = 250;
const heartbeatMs = 15_000;

test('a stream without a place begins now, and says so', async () => {
  const { open, append, goOff } = setUp();
  await append(['before']);
  const stream = await open();
  assert.deepEqual(names(take(stream)), ['live']);
  await append(['one', 'two']);
  await goOff(tickMs);
  const [frame] = take(stream);
  assert.deepEqual(
    [frame?.event, frame?.data['count'], frame?.data['from'], frame?.data['to']],
    ['events', 2, '1/2', '1/5'],
  );
  assert.match(JSON.stringify(frame?.data['sample']), /"text":"one".*"text":"two"/);
});

test('records of our own are counted apart, and one sent in is none of them', async () => {
  const { open, append, goOff } = setUp();
  const stream = await open();
  take(stream);
  await append(['one'], { metadata: { log_name: 'audit' } });
  await append(['two'], { metadata: { log_name: 'audit' }, raw_data: '{}' });
  await append(['three']);
  await goOff(tickMs);
  const [frame] = take(stream);
  assert.deepEqual([frame?.data['count'], frame?.data['own']], [3, 1]);
});

test('a stream that resumes gets what was missed first, counted and sampled, and goes on without a gap', async () => {
  const { open, append, alert, goOff } = setUp();
  const [first] = await append(Array.from({ length: 100 }, (_, index) => `e${index}`));
  assert.ok(first);
  await alert({ log: 1, index: 3 });
  await alert({ log: 1, index: 50 });
  const stream = await open(['events', 'alerts'], { position: { log: 1, index: 10 } });
  const frames = take(stream);
  assert.deepEqual(names(frames), ['catching up', 'alert', 'events', 'live']);
  assert.deepEqual(frames[1]?.data['host'], 'host-2');
  assert.equal(frames[2]?.data['count'], 90);
  const sample: unknown = frames[2]?.data['sample'];
  assert.ok(Array.isArray(sample) && sample.length === 20);
  const last = frames.at(-1)?.id ?? '';
  assert.equal(last, '1/101,2');
  await append(['later']);
  const resumed = await open(['events', 'alerts'], { position: { log: 1, index: 101 }, alert: 2 });
  const missed = take(resumed);
  assert.deepEqual(names(missed), ['catching up', 'events', 'live']);
  assert.equal(missed[1]?.data['count'], 1);
  await goOff(tickMs);
  assert.deepEqual(names(take(stream)), ['events']);
});

test('an alert comes at once, not with the next tick, and each once', async () => {
  const { open, alert, goOff } = setUp();
  const stream = await open();
  take(stream);
  await alert({ log: 1, index: 0 });
  assert.deepEqual(names(take(stream)), ['alert']);
  await goOff(tickMs);
  assert.deepEqual(take(stream), []);
});

test('only the kinds asked for are sent', async () => {
  const { open, alert, append, goOff } = setUp();
  const [events, alerts] = [await open(['events']), await open(['alerts'])];
  await append(['x']);
  await alert({ log: 1, index: 0 });
  await goOff(tickMs);
  assert.deepEqual(names(take(events)), ['live', 'events']);
  assert.deepEqual(names(take(alerts)), ['live', 'alert']);
});

test('a reader that takes nothing costs nothing, and gets what it missed as one when it takes again', async () => {
  const { open, append, alert, goOff, fetches } = setUp({ streamBuffer: 300 });
  const stream = await open();
  for (let round = 0; round < 3; round += 1) {
    await append(['x'.repeat(200)]);
    await goOff(tickMs);
  }
  const waiting = stream.readableLength;
  const before = fetches();
  for (let round = 0; round < 50; round += 1) {
    await append(['y']);
    await alert({ log: 1, index: round });
    await goOff(tickMs);
  }
  assert.equal(stream.readableLength, waiting);
  assert.equal(fetches(), before);
  const first = take(stream);
  await goOff(tickMs);
  const rest: Frame[] = [];
  for (let round = 0; round < 60; round += 1) {
    rest.push(...take(stream));
    await goOff(tickMs);
  }
  const all = [...first, ...rest];
  const count = all.filter(({ event }) => event === 'events').reduce((sum, { data }) => sum + Number(data['count']), 0);
  assert.equal(count, 53);
  assert.equal(all.filter(({ event }) => event === 'alert').length, 50);
  assert.ok(names(rest).includes('catching up'));
  assert.equal(
    names(rest).findLast((name) => name === 'live' || name === 'catching up'),
    'live',
  );
});

test('a reader that takes nothing for two heartbeats is told and ended; so is every stream after five minutes', async () => {
  const { open, live, goOff } = setUp();
  const stuck = await open();
  await goOff(heartbeatMs);
  await goOff(heartbeatMs);
  assert.match(String(stuck.read()), /come back with Last-Event-ID/);
  stuck.resume();
  await once(stuck, 'end');
  const steady = await open();
  steady.resume();
  const ended = once(steady, 'end');
  for (let beat = 0; beat < 20; beat += 1) await goOff(heartbeatMs);
  await ended;
  assert.equal(live.count(), 0);
});

test('streams are bounded, in all and for one caller, and a place is free again when its reader leaves', async () => {
  const { open, live, timers } = setUp({ streams: 3, streamsPerCaller: 2 });
  const first = await open();
  await open();
  await assert.rejects(open(), { code: 'live_exhausted' });
  await open(undefined, undefined, 'b');
  await assert.rejects(open(undefined, undefined, 'c'), { code: 'live_exhausted' });
  first.destroy();
  await once(first, 'close');
  await open(undefined, undefined, 'c');
  live.close();
  assert.equal(timers(), 0);
});

test('a place past the head, of a ledger that was put back, is taken as the head', async () => {
  const { open, append, goOff } = setUp();
  await append(['x']);
  const stream = await open(['events'], { position: { log: 9, index: 9 }, alert: 0 });
  assert.deepEqual(names(take(stream)), ['catching up', 'live']);
  await append(['y']);
  await goOff(tickMs);
  assert.equal(take(stream)[0]?.data['count'], 1);
});

test('what was missed is counted across logs', async () => {
  const { open, append, ledger } = setUp();
  await append(['a', 'b']);
  ledger.openNextLog();
  await append(['c']);
  const frames = take(await open(['events'], { position: { log: 1, index: 1 } }));
  assert.equal(frames.find(({ event }) => event === 'events')?.data['count'], 2);
});

test('what somebody does to an alert is told to the others at once, each alert as it is now', async () => {
  const { open, append, alert, change, goOff } = setUp();
  const [first] = await append(['a']);
  assert.ok(first);
  await alert(first);
  await alert(first);
  const stream = await open();
  await goOff(tickMs);
  take(stream);
  await change([1], { state: 'acknowledged', revision: 1, changedBy: { id: 'u', name: 'Ann' } });
  const [frame] = take(stream);
  assert.deepEqual([frame?.event, frame?.data['state'], frame?.data['revision']], ['alert-change', 'acknowledged', 1]);
  assert.deepEqual(frame?.data['changed_by'], { id: 'u', name: 'Ann' });
  const eventsOnly = await open(['events'], undefined, 'b');
  take(eventsOnly);
  await change([2], { state: 'closed' });
  assert.deepEqual(take(eventsOnly), []);
});

test('a reader that takes nothing is not sent every change it missed, but that there were many', async () => {
  const { open, append, alert, change, goOff } = setUp({ streamBuffer: 10 });
  const [first] = await append(['a']);
  assert.ok(first);
  for (let number = 0; number < 120; number += 1) await alert(first);
  const stream = await open(['alerts']);
  for (let round = 1; round < 5; round += 1)
    await change(
      Array.from({ length: 120 }, (_, at) => at + 1),
      { revision: round },
    );
  const frames: Frame[] = [];
  for (let turn = 0; turn < 200; turn += 1) {
    frames.push(...take(stream));
    await goOff(tickMs);
  }
  const changes = frames.filter(({ event }) => event === 'alert-change');
  assert.ok(changes.length <= 110, `${changes.length} frames`);
  assert.ok(changes.some(({ data }) => data['alerts'] === 'many'));
});
