import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session, Standing } from '../identity/session.ts';
import { createBackoff } from './backoff.ts';
import { createClockOffset } from './clock-offset.ts';
import { createCommands } from './commands.ts';
import { createLink } from './link.ts';
import type { LinkState } from './link.ts';
import type { Command } from './message.ts';
import { createPacing } from './pacing.ts';

type Sent = { readonly text?: Readonly<Record<string, unknown>>; readonly sequence?: number };

/** A socket the test plays the server's part of. */
function fakeSocket() {
  const target = new EventTarget();
  const sent: Sent[] = [];
  return Object.assign(target, {
    sent,
    isClosed: false,
    bufferedAmount: 0,
    send(this: void, message: string | ArrayBufferView | ArrayBufferLike | Blob) {
      if (typeof message === 'string') sent.push({ text: JSON.parse(message) });
      else if (message instanceof Uint8Array) {
        const length = new DataView(message.buffer).getUint32(0);
        sent.push({ sequence: JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length))).sequence });
      }
    },
    close() {
      this.isClosed = true;
    },
    opens: () => target.dispatchEvent(new Event('open')),
    says: (message: object) => target.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) })),
    ends: (code = 1006) => target.dispatchEvent(Object.assign(new Event('close'), { code })),
  });
}

/** A link whose time stands still until it is moved. */
function linkUnderTest(standing: () => Standing) {
  let nowMs = 1_000_000;
  let timers: { readonly atMs: number; readonly work: () => void }[] = [];
  const sockets: ReturnType<typeof fakeSocket>[] = [];
  const states: LinkState[] = [];
  const commands: Command[] = [];
  const told = { revoked: 0, forgotten: 0, taken: [0] };
  const session: Session = { standing: async () => standing(), forget: () => void (told.forgotten += 1) };
  const clockOffset = createClockOffset(0);
  const link = createLink({
    session,
    openSocket() {
      const socket = fakeSocket();
      sockets.push(socket);
      return socket;
    },
    backoff: createBackoff(() => 1),
    pacing: createPacing(),
    clockOffset,
    nowMs: () => nowMs,
    after(ms, work) {
      const timer = { atMs: nowMs + ms, work };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    hello: () => ({ width: 640, height: 480, audio: true }),
    onState: (state) => states.push(state),
    onTaken: (sequence) => told.taken.push(sequence),
    onCommand: (command) => commands.push(command),
    onRevoked: () => (told.revoked += 1),
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return {
    link,
    sockets,
    states,
    commands,
    told,
    clockOffset,
    now: () => nowMs,
    settle,
    async pass(ms: number) {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        nowMs = next.atMs;
        next.work();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

const approved: Standing = { kind: 'approved', token: 'spd_1', device: { name: '', place: '', site: '' } };
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff);

async function connected() {
  const test = linkUnderTest(() => approved);
  test.link.start();
  await test.settle();
  const socket = test.sockets[0];
  assert.ok(socket !== undefined);
  socket.opens();
  socket.sent.length = 0;
  const offer = (sequence: number): void =>
    test.link.offerPicture({ sequence, capturedMs: test.now(), jpeg, width: 640, height: 480 });
  const sequences = (): unknown[] => socket.sent.flatMap(({ sequence }) => sequence ?? []);
  return { ...test, socket, offer, sequences };
}

test('Two pictures go at once; of all that come then only the newest waits, and goes when one is taken', async () => {
  const { socket, offer, sequences, told } = await connected();
  for (const sequence of [1, 2, 3, 4, 5]) offer(sequence);
  assert.deepEqual(sequences(), [1, 2]);
  socket.says({ type: 'taken', sequence: 1 });
  socket.says({ type: 'taken', sequence: 2 });
  assert.deepEqual(sequences(), [1, 2, 5]);
  assert.deepEqual(told.taken, [0, 1, 2]);
});

test('A picture that waited for more than a second is not sent any more', async () => {
  const { socket, offer, sequences, pass } = await connected();
  for (const sequence of [1, 2, 3]) offer(sequence);
  await pass(1500);
  socket.says({ type: 'taken', sequence: 2 });
  assert.deepEqual(sequences(), [1, 2]);
  offer(4);
  assert.deepEqual(sequences(), [1, 2, 4]);
});

test('Each connection says hello and asks for the time, by which the offset of the clock is known', async () => {
  const { link, sockets, settle, clockOffset, now } = linkUnderTest(() => approved);
  link.start();
  await settle();
  sockets[0]?.opens();
  assert.deepEqual(
    sockets[0]?.sent.map(({ text }) => text?.['type']),
    ['hello', 'clock'],
  );
  sockets[0]?.says({ type: 'clock', t0: now(), t1: now() + 5000 });
  assert.equal(clockOffset.offsetMs(), 5000);
});

test('A connection that is silent for twelve seconds is given up, and another one is made', async () => {
  const { socket, sockets, states, pass } = await connected();
  await pass(9000);
  socket.says({ type: 'pace', per_second: 5 });
  await pass(9000);
  assert.ok(!socket.isClosed);
  await pass(9000);
  assert.ok(socket.isClosed);
  assert.ok(sockets.length > 1);
  assert.ok(states.includes('offline'));
});

test('What the server ends is tried again with a new proof, later and later', async () => {
  const { sockets, told, pass } = await connected();
  sockets[0]?.ends(1008);
  assert.equal(told.forgotten, 1);
  await pass(500);
  assert.equal(sockets.length, 2);
  sockets[1]?.ends();
  await pass(500);
  assert.equal(sockets.length, 2);
  await pass(500);
  assert.equal(sockets.length, 3);
});

test('A revoked phone is told at once and never connects again, whichever way it hears of it', async () => {
  for (const hear of ['bye', 'close', 'session'] as const) {
    let standing: Standing = approved;
    const { link, sockets, told, settle, pass } = linkUnderTest(() => standing);
    link.start();
    await settle();
    sockets[0]?.opens();
    if (hear === 'bye') sockets[0]?.says({ type: 'bye', code: 'device_revoked' });
    if (hear === 'close') sockets[0]?.ends(4003);
    if (hear === 'session') {
      standing = { kind: 'revoked' };
      sockets[0]?.ends(1008);
    }
    await pass(600_000);
    assert.equal(told.revoked, 1, hear);
    assert.equal(sockets.length, 1, hear);
  }
});

test('When the same phone sends from elsewhere, it does not take the connection back', async () => {
  const { socket, sockets, states, pass } = await connected();
  socket.says({ type: 'bye', code: 'replaced' });
  await pass(600_000);
  assert.equal(states.at(-1), 'replaced');
  assert.equal(sockets.length, 1);
});

test('What an old connection still says is not heard', async () => {
  const { socket, sockets, told, commands, pass } = await connected();
  socket.ends();
  await pass(500);
  sockets[1]?.opens();
  socket.says({ type: 'bye', code: 'device_revoked' });
  socket.says({ type: 'command', id: 'a', siren: true });
  assert.equal(told.revoked, 0);
  assert.deepEqual(commands, []);
});

test('A command is carried out once, however often it comes, and a failure names its reason', async () => {
  const done: string[] = [];
  const carryOut = createCommands({
    async torch(isOn) {
      done.push(`torch ${isOn}`);
      return true;
    },
    async speak(text) {
      done.push(`speak ${text}`);
      return false;
    },
    siren() {
      throw new Error('planted');
    },
  });
  const twice = await Promise.all([carryOut({ id: 'a', torch: true }), carryOut({ id: 'a', torch: true })]);
  assert.deepEqual(twice, [{ ok: true }, { ok: true }]);
  const both = await carryOut({ id: 'b', torch: false, speak: 'Go away' });
  assert.deepEqual(both, { ok: false, reason: 'this phone has no voice' });
  assert.equal((await carryOut({ id: 'c', siren: true })).ok, false);
  assert.equal((await carryOut({ id: 'd' })).ok, false);
  assert.deepEqual(done, ['torch true', 'torch false', 'speak Go away']);
});
