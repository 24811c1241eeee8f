import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { createFrameHub } from '../frames/frame-hub.ts';
import { picture } from '../frames/memory-socket.fixture.ts';
import { createActivities } from './activity.ts';

function setUp() {
  const clock = createManualClock(0);
  const hub = createFrameHub({ log: createLog({ clock, write: () => undefined }) });
  const connected = new Set<string>();
  const activities = createActivities({ hub, clock, isConnected: (id) => connected.has(id) });
  const changes: string[] = [];
  activities.onChange(({ from, to }) => changes.push(`${from} ${to}`));
  const shoot = (): void => {
    hub.offer({ cameraId: 'phone', jpeg: picture(), capturedMs: clock.nowMs(), receivedMs: clock.nowMs() });
  };
  return { clock, connected, activities, changes, shoot };
}

test('a camera that says goodbye is off at once, and live again with its next picture', () => {
  const { clock, activities, changes, shoot } = setUp();
  shoot();
  clock.advance(100);
  activities.end('phone', 'said_goodbye');
  const { state, why, perSecond, lastFrameMs } = activities.of('phone');
  assert.deepEqual([state, why, perSecond, lastFrameMs], ['offline', 'said_goodbye', 0, 0]);
  shoot();
  assert.deepEqual([activities.of('phone').state, activities.of('phone').why], ['live', undefined]);
  assert.deepEqual(changes, ['offline live', 'live offline', 'offline live']);
});

test('whoever goes silent after it came back has said nothing, also when it only connected', () => {
  const { clock, connected, activities, shoot } = setUp();
  shoot();
  activities.end('phone', 'said_goodbye');
  connected.add('phone');
  assert.equal(activities.of('phone').state, 'waiting');
  connected.delete('phone');
  assert.deepEqual([activities.of('phone').state, activities.of('phone').why], ['offline', undefined]);
  shoot();
  clock.advance(5001);
  assert.deepEqual([activities.of('phone').state, activities.of('phone').why], ['offline', undefined]);
});
