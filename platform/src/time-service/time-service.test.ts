import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../clock.ts';
import { askTimeServer, parseTimeServer } from './ask-time-server.ts';
import {
  parseChronyTracking,
  parseNtpVariables,
  parseTimeSpan,
  parseTimedatectl,
  parseTimesyncStatus,
} from './parse-time-state.ts';
import { readTimeState } from './read-time-state.ts';
import { encodeSntpQuestion, readSntpAnswer } from './sntp-packet.ts';
import { hasChanged, troubleOf } from './time-state.ts';

// As chronyc 4.3 printed it, of a chronyd that was five seconds behind its source.
const tracking =
  '7F000001,127.0.0.1,2,1795358032.660140247,5.000044823,-0.000007180,0.000016302,0.612,-0.186,7.668,0.004071175,0.003964662,2.0,Normal\n';
const timesyncStatus = `       Server: 185.125.190.56 (ntp.ubuntu.com)
Poll interval: 34min 8s (min: 32s; max 34min 8s)
         Leap: normal
      Version: 4
      Stratum: 2
    Reference: 11FD22FB
    Precision: 1us (-25)
Root distance: 34.889ms (max: 5s)
       Offset: -1.246ms
        Delay: 93.169ms
       Jitter: 2.139ms
 Packet count: 12
    Frequency: -14.245ppm
`;
const variables = `associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)",
processor="x86_64", system="Linux/5.4.0-42-generic", leap=00, stratum=3,
precision=-23, rootdelay=12.345, rootdisp=23.400, refid=10.0.0.1,
reftime=e2d1c5d4.5e0b1a40  Tue, Aug  4 2020, 10:00:04.367,
clock=e2d1c7a1.9d3c0f28  Tue, Aug  4 2020, 10:07:45.614, peer=21347, tc=10,
mintc=3, offset=-0.123456, frequency=-12.300, sys_jitter=0.207512,
clk_jitter=0.109, clk_wander=0.012
`;

test('what chrony, timesyncd and ntpd say of the clock is read to one measure', () => {
  assert.deepEqual(parseChronyTracking(tracking), {
    method: 'chrony',
    isSynchronised: true,
    source: '127.0.0.1',
    stratum: 2,
    offsetMs: 5000.045,
    jitterMs: 0.016,
    rootDistanceMs: 6,
    leap: 'Normal',
  });
  const off = parseChronyTracking('00000000,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n');
  assert.deepEqual([off?.isSynchronised, off?.source, off?.stratum], [false, undefined, undefined]);
  assert.equal(parseChronyTracking('506 Cannot talk to daemon'), undefined);
  assert.deepEqual(parseTimesyncStatus(timesyncStatus, 'NTP=yes\nNTPSynchronized=yes\n'), {
    method: 'timesyncd',
    isSynchronised: true,
    source: 'ntp.ubuntu.com',
    stratum: 2,
    offsetMs: -1.246,
    jitterMs: 2.139,
    rootDistanceMs: 34.889,
    leap: 'normal',
  });
  assert.deepEqual(parseNtpVariables(variables), {
    method: 'ntpd',
    isSynchronised: true,
    source: '10.0.0.1',
    stratum: 3,
    offsetMs: -0.123,
    jitterMs: 0.208,
    rootDistanceMs: 29.572,
    leap: '00',
  });
  const unsynchronised = parseNtpVariables('leap=11, stratum=16, refid=INIT, offset=0.0');
  assert.deepEqual([unsynchronised?.isSynchronised, unsynchronised?.source], [false, undefined]);
  assert.equal(parseTimedatectl('Timezone=UTC\nNTP=yes\nNTPSynchronized=no\n')?.isSynchronised, false);
  assert.equal(parseTimedatectl('Failed to connect to bus'), undefined);
  assert.equal(parseTimeSpan('-1min 2.5s'), -62_500);
  for (const no of ['', '5', '1x', '1ms2', ' 1ms', undefined]) assert.equal(parseTimeSpan(no), undefined);
});

test('who says most is asked first, and where nobody knows that is the answer', async () => {
  const answers = (given: Readonly<Record<string, string>>, exists = false) =>
    readTimeState({
      run: async (command, args) => given[[command, ...args].join(' ')],
      exists: () => exists,
    });
  const all = {
    'chronyc -c tracking': tracking,
    'timedatectl show': 'NTPSynchronized=yes\n',
    'ntpq -c rv 127.0.0.1': variables,
  };
  assert.equal((await answers(all)).method, 'chrony');
  const { 'chronyc -c tracking': _, ...withoutChrony } = all;
  assert.equal((await answers(withoutChrony)).method, 'ntpd');
  assert.equal(
    (await answers({ ...withoutChrony, 'timedatectl timesync-status': timesyncStatus })).method,
    'timesyncd',
  );
  assert.deepEqual((await answers({ 'timedatectl show': 'NTPSynchronized=no\n' })).isSynchronised, false);
  assert.deepEqual([(await answers({})).method, (await answers({})).isSynchronised], ['none', undefined]);
  assert.equal((await answers({}, true)).isSynchronised, true);
});

test('a clock that is not kept or off by over a second is in trouble; one that nobody knows of is not', () => {
  assert.equal(troubleOf({ isSynchronised: false, offsetMs: undefined }), 'unsynchronised');
  assert.equal(troubleOf({ isSynchronised: true, offsetMs: -1001 }), 'off');
  assert.equal(troubleOf({ isSynchronised: true, offsetMs: 999 }), undefined);
  assert.equal(troubleOf({ isSynchronised: undefined, offsetMs: undefined }), undefined);
  assert.equal(troubleOf({ isSynchronised: true, offsetMs: 1 }, 5000), 'off');
  const state = parseChronyTracking(tracking);
  assert.ok(state !== undefined);
  assert.equal(hasChanged(state, { ...state, offsetMs: 5050 }, 100), false);
  assert.equal(hasChanged(state, { ...state, offsetMs: 5101 }, 100), true);
  assert.equal(hasChanged(state, { ...state, source: 'other' }, 100), true);
});

test('whatever a program prints, reading it ends and gives finite numbers or nothing', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...Array.from('0123456789.,-+eE=:"\n smunih')) }),
    fc
      .tuple(fc.constantFrom(tracking, timesyncStatus, variables), fc.nat(400), fc.string())
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at)),
  );
  fc.assert(
    fc.property(anything, (text) => {
      for (const state of [
        parseChronyTracking(text),
        parseTimesyncStatus(text, text),
        parseNtpVariables(text),
        parseTimedatectl(text),
      ])
        for (const value of Object.values(state ?? {}))
          if (typeof value === 'number') assert.ok(Number.isFinite(value), text);
      const span = parseTimeSpan(text);
      assert.ok(span === undefined || Number.isFinite(span));
    }),
  );
});

/** Answers each packet as told, with the clock of the server ahead by that much. */
async function timeServer(
  context: TestContext,
  answer: (question: Buffer, respond: (packet: Buffer) => void) => void,
): Promise<number> {
  const socket = createSocket('udp4');
  context.after(() => socket.close());
  socket.on('message', (question, { port, address }) =>
    answer(question, (packet) => socket.send(packet, port, address)),
  );
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

function answerTo(question: Buffer, offsetMs: number, change: (packet: Buffer) => void = () => undefined): Buffer {
  const packet = Buffer.alloc(48);
  packet[0] = 0x24;
  packet[1] = 2;
  packet.set(question.subarray(40, 48), 24);
  for (const at of [32, 40]) {
    const since1900Ms = systemClock.nowMs() + offsetMs + 2_208_988_800_000;
    packet.writeUInt32BE(Math.floor(since1900Ms / 1000) % 2 ** 32, at);
    packet.writeUInt32BE(Math.floor(((since1900Ms % 1000) / 1000) * 2 ** 32), at + 4);
  }
  change(packet);
  return packet;
}

const ask = (port: number, signal = AbortSignal.timeout(60_000)) =>
  askTimeServer({ clock: systemClock, random: randomBytes }, { host: '127.0.0.1', port }, signal);

test('a time server is asked how far this clock is from its own', async (context) => {
  const port = await timeServer(context, (question, respond) => {
    // Who only guesses is passed over.
    respond(answerTo(Buffer.alloc(48), 9_000_000));
    respond(answerTo(question, 5000));
  });
  const measured = await ask(port);
  assert.ok(measured.ok, JSON.stringify(measured));
  assert.ok(Math.abs(measured.offsetMs - 5000) <= measured.uncertaintyMs + 5, JSON.stringify(measured));
  assert.equal(measured.stratum, 2);
});

test('an answer that is none is refused, and none at all is given up', async (context) => {
  for (const [change, reason] of [
    [(packet: Buffer) => void (packet[0] = 0x23), /mode 3/],
    [(packet: Buffer) => void (packet[0] = 0xe4), /not synchronised itself/],
    [(packet: Buffer) => void (packet[1] = 16), /not synchronised itself/],
    [(packet: Buffer) => void packet.fill(0, 1, 2).write('RATE', 12), /wants not to be asked \(RATE\)/],
    [(packet: Buffer) => void packet.fill(0, 40), /states no time/],
    [(packet: Buffer) => void packet.fill(0xff, 32, 36), /before it was asked/],
  ] as const) {
    const measured = await ask(
      await timeServer(context, (question, respond) => respond(answerTo(question, 0, change))),
    );
    assert.ok(!measured.ok);
    assert.match(measured.reason, reason);
  }
  const stopping = new AbortController();
  const port = await timeServer(context, () => stopping.abort());
  assert.deepEqual(await ask(port, stopping.signal), { ok: false, reason: 'no answer in time' });
});

test('any packet is an answer or is refused, and years after 2036 are read as such', () => {
  const cookie = Buffer.alloc(8, 7);
  const good = answerTo(encodeSntpQuestion(cookie), 0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, isForged) => {
      const packet = Buffer.concat([bytes, Buffer.alloc(Math.max(0, (isForged ? 48 : 0) - bytes.length))]);
      if (isForged) packet.set(cookie, 24);
      const read = readSntpAnswer(packet, cookie);
      if (read.ok) for (const value of Object.values(read.answer)) assert.ok(Number.isFinite(value));
      else assert.ok(read.reason.length > 0);
    }),
  );
  for (const [seconds, year] of [
    [0xffffffff, 2036],
    [1, 2036],
    [0x7fffffff, 2104],
    [0x80000000, 1968],
  ] as const) {
    const packet = Buffer.from(good);
    for (const at of [32, 40]) packet.writeUInt32BE(seconds, at);
    const read = readSntpAnswer(packet, cookie);
    assert.ok(read.ok);
    assert.equal(new Date(read.answer.sentMs).getUTCFullYear(), year);
  }
});

test('a time server is a host with or without a port, and nothing link-local', () => {
  assert.deepEqual(parseTimeServer('time.example'), { host: 'time.example', port: 123 });
  assert.deepEqual(parseTimeServer('[2001:db8::1]:1123'), { host: '2001:db8::1', port: 1123 });
  for (const no of ['', 'a b', 'x:0', 'x:70000', 'http://x', '169.254.169.254', '[fe80::1]'])
    assert.equal(parseTimeServer(no), undefined, no);
});
