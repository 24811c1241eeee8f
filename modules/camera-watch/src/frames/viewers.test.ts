import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import type { Sight } from '../needs.ts';
import { createFrameHub } from './frame-hub.ts';
import { createMemorySocket, picture } from './memory-socket.fixture.ts';
import { createViewers } from './viewers.ts';

function start() {
  const clock = createManualClock(1_800_000_000_000);
  const hub = createFrameHub({ log: createLog({ clock, write: () => undefined }) });
  const sights = new Map<string, Sight>();
  const tasks = new Set<() => void>();
  const viewers = createViewers({
    hub,
    clock,
    every(_ms, task) {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    sight: (id) => sights.get(id),
  });
  const socket = createMemorySocket();
  const page = viewers.open(socket);
  const offer = (cameraId: string, content = 'x'): void => {
    const nowMs = clock.nowMs();
    hub.offer({ cameraId, jpeg: picture(content), capturedMs: nowMs - 40, receivedMs: nowMs });
  };
  const watch = (...cameras: object[]): void => page.text(JSON.stringify({ type: 'watch', cameras }));
  const shown = (camera: string, sequence: number): void =>
    page.text(JSON.stringify({ type: 'shown', camera, sequence }));
  const sequences = (): unknown[] => socket.shown().map(({ header }) => header['sequence']);
  return { clock, hub, viewers, sights, tasks, socket, page, offer, watch, shown, sequences };
}

test('a page gets the newest picture of what it watches, with times and what is seen', () => {
  const { clock, sights, socket, offer, watch } = start();
  sights.set('yard', {
    sequence: 1,
    objects: [{ label: 'person', score: 0.87654321, box: [0.1, 0.2, 0.3, 0.4], track: 7 }],
    tampered: 'covered',
  });
  offer('yard', 'one');
  offer('gate');
  watch({ id: 'yard', per_second: 10 });
  const [message, ...more] = socket.shown();
  assert.deepEqual(more, []);
  assert.deepEqual(message?.header, {
    camera: 'yard',
    sequence: 1,
    captured_ms: clock.nowMs() - 40,
    sent_ms: clock.nowMs(),
    objects: [{ label: 'person', score: 0.8765, box: [0.1, 0.2, 0.3, 0.4], track: 7 }],
    objects_sequence: 1,
    tampered: 'covered',
  });
  assert.deepEqual(Buffer.from(message?.payload ?? []), Buffer.from(picture('one')));
});

test('a page that shows nothing gets nothing more, however much comes, and then the newest', () => {
  const { clock, offer, watch, shown, sequences } = start();
  watch({ id: 'yard', per_second: 30 });
  for (let count = 0; count < 1000; count += 1) {
    offer('yard');
    clock.advance(5);
  }
  assert.deepEqual(sequences(), [1]);
  shown('yard', 999);
  assert.deepEqual(sequences(), [], 'what was not sent cannot have been shown');
  shown('yard', 1);
  assert.deepEqual(sequences(), [1000]);
});

test('a page that reads slowly is sent nothing that would wait', () => {
  const { socket, offer, watch, tasks, sequences } = start();
  watch({ id: 'yard' }, { id: 'gate' });
  socket.waiting = 3 * 1024 * 1024;
  offer('yard');
  offer('gate');
  assert.deepEqual(sequences(), []);
  socket.waiting = 0;
  for (const task of tasks) task();
  assert.deepEqual(sequences(), [1, 1]);
});

test('no more pictures a second than asked for, and a page that slept is woken by the next', () => {
  const { clock, offer, watch, shown, tasks, sequences } = start();
  watch({ id: 'yard', per_second: 2 });
  offer('yard');
  assert.deepEqual(sequences(), [1]);
  shown('yard', 1);
  clock.advance(100);
  offer('yard');
  assert.deepEqual(sequences(), []);
  clock.advance(400);
  for (const task of tasks) task();
  assert.deepEqual(sequences(), [2]);
  clock.advance(10_001);
  offer('yard');
  assert.deepEqual(sequences(), [3], 'though 2 was never shown');
});

test('what a page watches no longer is not sent, and nothing after it is gone', () => {
  const { offer, watch, page, sequences, viewers, tasks } = start();
  watch({ id: 'yard' });
  watch({ id: 'gate' });
  offer('yard');
  assert.deepEqual(sequences(), []);
  page.closed();
  offer('gate');
  assert.deepEqual(sequences(), []);
  viewers.close();
  assert.equal(tasks.size, 0);
});

test('a page that sends nonsense is refused', () => {
  const { page, watch } = start();
  for (const text of ['', '[]', '{"type":"watch"}', '{"type":"shown"}', `{"type":"x${'x'.repeat(20_000)}"}`])
    assert.throws(() => page.text(text), { code: 'message_invalid' });
  for (const camera of [{ id: 1 }, { id: 'x', per_second: 0 }, { id: 'x'.repeat(65) }, {}])
    assert.throws(() => watch(camera), { code: 'message_invalid' });
  assert.throws(() => watch(...Array.from({ length: 65 }, () => ({ id: 'x' }))), { code: 'message_invalid' });
  assert.throws(() => page.bytes(new Uint8Array(3)), { code: 'message_invalid' });
});

test('that a camera went off is told at once to whoever watches it, and to nobody else', () => {
  const { viewers, socket, watch } = start();
  const stranger = createMemorySocket();
  viewers.open(stranger);
  watch({ id: 'yard', per_second: 10 });
  viewers.tellState('yard', 'offline');
  viewers.tellState('gate', 'offline');
  assert.deepEqual(socket.said(), [{ type: 'state', camera: 'yard', state: 'offline' }]);
  assert.deepEqual(stranger.said(), []);
});
