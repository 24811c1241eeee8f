// A lens is covered before the whole product: from the device's socket to the alert with its pictures, and beside what
// happens to machines of the same site. And a camera that sends the same two seconds again and again.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { openCamera } from './camera-under-test.ts';
import { filmsMissing, playFilm, quietFilms, tamperedAtSeconds, tamperFilms } from './camera-films.ts';
import type { CameraFilm } from './camera-films.ts';
import { askWithFetch, createDeviceUnderTest, enrolDevice } from './device-under-test.ts';
import { createServerUnderTest } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';

const framesPerSecond = 10;
const alertLimitMs = 60_000;
const covered = 'Camera Black: Covered, or the Light Went Out';
/** Pictures the server has looked at. */
const learntAfter = 25;
const correlated = 'Sign-In and Then a Camera Blocked at the Same Site';

test(
  'a covered lens is an alert with its pictures, a sign-in at the same site before it makes another, and a loop its own',
  { skip: filmsMissing() ?? false, timeout: 240_000 },
  async (context) => {
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    const day = filmNamed('day');
    const hand = filmNamed('covered, dark');
    const manage = askWithFetch(server.address(), { authorization: `Bearer ${server.keys().operator}` });
    const device = createDeviceUnderTest(server.address());
    const cameraId = await enrolDevice(device, manage, { name: 'Yard <b>', place: 'Gate', site: 'Plant' });

    for (const [source, site] of [
      ['web-plant', 'Plant'],
      ['web-home', 'Home'],
    ] as const) {
      await sendLine(server, source, 'kernel: up');
      await putSite(server, source, site);
    }
    await sendLine(server, 'web-home', failedSignIn('eve'));
    const signIn = await sendLine(server, 'web-plant', failedSignIn('mallory'));

    const sent = { clear: new Set<string>(), covered: new Set<string>(), coveredAtMs: 0 };
    const camera = await openCamera({
      address: server.address(),
      viewerKey: server.keys().operator,
      cameraId,
      token: await device.token(),
    });
    context.after(() => camera.end());
    const send = async (jpeg: Buffer, into: Set<string>): Promise<void> => {
      into.add(createHash('sha256').update(jpeg).digest('hex'));
      camera.send(jpeg);
      // A film takes its time.
      await wait(1000 / framesPerSecond);
    };

    // However slow this machine is: the lens is covered once the server knows what the camera usually sees.
    for (let minute = 0; camera.looks() < learntAfter && minute < 6; minute += 1) {
      for await (const jpeg of playFilm(day, { as: 'jpeg', perSecond: framesPerSecond, beginSeconds: minute * 9 })) {
        await send(jpeg, sent.clear);
        if (camera.looks() >= learntAfter) break;
      }
    }
    sent.coveredAtMs = performance.now();
    let ordinal = 0;
    for await (const jpeg of playFilm(hand, { as: 'jpeg', perSecond: framesPerSecond })) {
      ordinal += 1;
      if (ordinal <= tamperedAtSeconds * framesPerSecond) continue;
      if (sent.covered.size === 0) sent.coveredAtMs = performance.now();
      await send(jpeg, sent.covered);
      if ((await alertOf(server, covered)) !== undefined) break;
    }

    const alert = await eventually({
      what: 'an alert of the covered lens',
      timeoutMs: alertLimitMs,
      look: () => alertOf(server, covered),
      describe: () => server.output().slice(-4000),
    });
    context.diagnostic(
      `${Math.round(performance.now() - sent.coveredAtMs)} ms after the first covered picture was sent`,
    );
    assert.equal(alert['host'], 'Yard <b>');
    assert.equal(alert['camera'], cameraId);
    assert.equal(alert['site'], 'Plant');
    assert.ok(sent.covered.has(textOf(alert['picture'])), 'the picture is one of those that were sent covered');
    assert.ok(sent.clear.has(textOf(alert['picture_before'])), 'and the one before was clear');
    const picture = await fetch(`${server.address()}/v1/pictures/${textOf(alert['picture'])}`, {
      headers: { authorization: `Bearer ${server.keys().operator}` },
    });
    assert.equal(picture.status, 200);
    const bytes = Buffer.from(await picture.arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), alert['picture']);

    const both = await eventually({
      what: 'an alert of the sign-in and the covered lens',
      timeoutMs: alertLimitMs,
      look: () => alertOf(server, correlated),
    });
    assert.equal(both['site'], 'Plant');
    assert.ok(sent.covered.has(textOf(both['picture'])));
    const details = await askJson(server, `/v1/alerts/${textOf(both['id'])}`);
    assert.deepEqual(details['related'], [signIn], 'it rests on the sign-in at this site and on no other');
    assert.deepEqual(details['matched'], [{ field: 'sallyport.site', value: 'Plant' }]);

    const moments = await askJson(server, `/v1/cameras/moments?state=open&camera=${cameraId}`);
    const kinds = listOf(moments['moments']).map((moment) => textOf(moment['kind']));
    assert.ok(kinds.includes('tampered'), kinds.join(' '));

    const hall = createDeviceUnderTest(server.address());
    const hallId = await enrolDevice(hall, manage, { name: 'Hall', place: 'Door', site: 'Home' });
    const replayed = await openCamera({
      address: server.address(),
      viewerKey: server.keys().operator,
      cameraId: hallId,
      token: await hall.token(),
    });
    context.after(() => replayed.end());
    const loop: Buffer[] = [];
    for await (const jpeg of playFilm(day, { as: 'jpeg', perSecond: framesPerSecond, beginSeconds: 60 })) {
      loop.push(Buffer.from(jpeg));
      if (loop.length === 20) break;
    }
    let told: JsonObject | undefined;
    for (let sending = 0; told === undefined && sending < 600; sending += 1) {
      replayed.send(loop[sending % loop.length] ?? Buffer.alloc(0));
      await wait(1000 / framesPerSecond);
      if (sending % 10 === 9) told = await alertOf(server, 'Camera Picture Replayed');
    }
    assert.deepEqual([told?.['camera'], told?.['site']], [hallId, 'Home']);
  },
);

function filmNamed(name: string): CameraFilm {
  const film = [...quietFilms, ...tamperFilms].find((one) => one.name === name);
  assert.ok(film !== undefined, name);
  return film;
}

const failedSignIn = (name: string): string => `sshd[9]: Failed password for ${name} from 203.0.113.7 port 40022 ssh2`;

/** Sends a line of a syslog and gives its position. */
async function sendLine(server: ServerUnderTest, source: string, line: string): Promise<string> {
  const { status, text } = await server.ask({
    path: `/v1/events?source=${source}&format=syslog`,
    headers: { 'content-type': 'text/plain' },
    body: `<86>Nov 22 08:00:00 web-1 ${line}\n`,
  });
  assert.equal(status, 200, text);
  const [run] = listOf(objectIn(text)['runs']);
  return `${String(run?.['log'])}/${String(run?.['index'])}`;
}

async function putSite(server: ServerUnderTest, source: string, site: string): Promise<void> {
  const found = listOf((await askJson(server, '/v1/sources'))['sources']).find(({ name }) => name === source);
  const { status, text } = await server.ask({
    method: 'PUT',
    path: `/v1/sources/${textOf(found?.['key_id'])}/${source}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ site }),
  });
  assert.equal(status, 200, text);
  assert.equal(objectIn(text)['site'], site);
}

async function alertOf(server: ServerUnderTest, title: string): Promise<JsonObject | undefined> {
  return listOf((await askJson(server, '/v1/alerts'))['alerts']).find((alert) => alert['title'] === title);
}

async function askJson(server: ServerUnderTest, path: string): Promise<JsonObject> {
  const { status, text } = await server.ask({ path });
  assert.equal(status, 200, text);
  return objectIn(text);
}

function objectIn(text: string): JsonObject {
  const value = parseJson(text);
  return isJsonObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
