import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import fc from 'fast-check';
import { Reader } from 'mmdb-lib';
import { accessRiskMigrations } from '../state-store.ts';
import { addressBytes, blockOf, isEverybodys, prefixOf, sourceOf } from './address.ts';
import { countryName, placeOfCountry } from './country-places.ts';
import { createGeo } from './geo.ts';
import { writeMmdb } from './mmdb.fixture.ts';
import { openMmdb } from './mmdb.ts';
import { distanceKm, placeInWords, placeOf } from './place.ts';

const folder = '@ip-location-db/geo-whois-asn-country-mmdb';
const bundled = (file: string): Buffer =>
  readFileSync(createRequire(import.meta.url).resolve(`${folder}/${file}.mmdb`));
const operator = { kind: 'operator', id: 'local', name: 'local operator', scopes: [] } as const;
const cities = writeMmdb('DBIP-City-Lite', [
  ['103.10.0.0/16', { country_code: 'IN', city: 'Pune', latitude: 18.52, longitude: 73.86 }],
  ['126.0.0.0/8', { country_code: 'JP', city: 'Tokyo', latitude: 35.68, longitude: 139.69 }],
]);
const networks = writeMmdb('ASN', [
  ['103.0.0.0/8', { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Hosting GmbH' }],
]);

function directory(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'sallyport-geo-'));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function codeIn(record: object | null): unknown {
  return record !== null && 'country_code' in record ? record.country_code : undefined;
}

test('our reader says what another reader of the format says, about addresses of both kinds', () => {
  for (const [file, kind] of [
    ['geo-whois-asn-country', 4],
    ['geo-whois-asn-country', 6],
    ['geo-whois-asn-country-ipv4', 4],
    ['geo-whois-asn-country-ipv6', 6],
  ] as const) {
    const bytes = bundled(file);
    const [ours, theirs] = [openMmdb(bytes), new Reader(bytes)];
    let found = 0;
    for (let probe = 0; probe < 3000; probe += 1) {
      const random = randomBytes(16);
      // Where most of the networks are that anybody has: 2a00 to 2a0f.
      random[0] = 0x2a;
      random[1] = (random[1] ?? 0) & 15;
      const address =
        kind === 4 ? [...random.subarray(2, 6)].join('.') : (random.toString('hex').match(/.{4}/g) ?? []).join(':');
      const expected = codeIn(theirs.get(address));
      assert.equal(ours.find(address)?.['country_code'], expected, address);
      if (expected !== undefined) found += 1;
    }
    assert.ok(found > 20, `${file}: ${found}`);
  }
});

test('garbage, cut and changed files are refused or answer nothing, and nothing hangs or throws', () => {
  const refuse = (bytes: Uint8Array): void => {
    let opened;
    try {
      opened = openMmdb(Buffer.from(bytes));
    } catch (error) {
      assert.ok(error instanceof Error && error.constructor.name === 'MmdbError', String(error));
      return;
    }
    for (const address of ['1.2.3.4', '103.10.1.1', '2001:db8::1', '::1']) opened.find(address);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4000 }), refuse));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(cities.length - 1), fc.nat(255)), { maxLength: 12 }), (changes) => {
      const changed = Buffer.from(cities);
      for (const [at, byte] of changes) changed[at] = byte;
      refuse(changed);
    }),
    { numRuns: 2000 },
  );
  for (let length = 0; length < cities.length; length += 7) refuse(cities.subarray(0, length));
});

test('a map that says it is endless, nested without end or points to itself costs a bounded number of steps', () => {
  const endless = writeMmdb('endless', [['1.0.0.0/8', Buffer.from([0xff, 0xff, 0xff, 0xff])]]);
  const nested = writeMmdb('nested', [
    ['1.0.0.0/8', Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([0xe1, 0x41, 0x61])))],
  ]);
  const circular = writeMmdb('circular', [['1.0.0.0/8', Buffer.from([0xe1, 0x41, 0x61, 0x20, 0x00])]]);
  for (const bytes of [endless, nested, circular]) assert.equal(openMmdb(bytes).find('1.2.3.4'), undefined);
});

test('addresses: what is everybody’s, what one source is, and the bytes of any of them', () => {
  for (const address of [
    '10.1.2.3',
    '100.64.1.1',
    '127.0.0.1',
    '::1',
    'fe80::1',
    'fd12::/64',
    '::ffff:192.168.1.1',
    'local',
    '',
    '999.1.1.1',
  ])
    assert.ok(isEverybodys(address), address);
  for (const address of ['8.8.8.8', '2001:db8:1:2::/64', '::ffff:8.8.8.8']) assert.ok(!isEverybodys(address), address);
  assert.equal(sourceOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(sourceOf('2001:db8:1:2::/64'), '2001:db8:1:2::/64');
  assert.equal(blockOf('2001:db8:1:2::/64'), '2001:db8:1::/48');
  assert.equal(prefixOf('203.0.113.9'), '203.0.0.0/16');
  fc.assert(
    fc.property(fc.ipV4(), (address) =>
      assert.deepEqual(addressBytes(address), Uint8Array.from(address.split('.'), Number)),
    ),
  );
  fc.assert(
    fc.property(fc.ipV6(), (address) =>
      assert.equal(addressBytes(address)?.length, /^::ffff:\d+\./i.test(address) ? 4 : 16),
    ),
  );
  fc.assert(
    fc.property(
      fc.string(),
      (text) => void [addressBytes(text), sourceOf(text), blockOf(text), prefixOf(text), isEverybodys(text)],
    ),
  );
});

test('distances leave room for what is not known: neighbours are never far, India and Japan are', () => {
  const at = (country: string) => {
    const place = placeOfCountry(country) ?? assert.fail(country);
    return { isPrivate: false, country, at: place, network: '', isRelay: false };
  };
  assert.equal(Math.round((distanceKm(at('IN'), at('JP'))?.middle ?? 0) / 100), 59);
  assert.ok((distanceKm(at('IN'), at('JP'))?.least ?? 0) > 2000);
  for (const [one, other] of [
    ['DE', 'FR'],
    ['US', 'CA'],
    ['IN', 'CN'],
    ['US', 'RU'],
    ['ES', 'PT'],
    ['DE', 'DE'],
  ] as const)
    assert.equal(distanceKm(at(one), at(other))?.least, 0, `${one} ${other}`);
  assert.equal(countryName('JP'), 'Japan');
  const country = openMmdb(bundled('geo-whois-asn-country'));
  assert.equal(placeOf('10.0.0.1', { country }).country, undefined);
  assert.equal(placeInWords(placeOf('8.8.8.8', { country })), 'United States');
});

forEachDatabase((name, open) => {
  test(`an imported database takes the place of the one before, stays after a restart, and is refused when somebody changed it, on ${name}`, async (context) => {
    const { database } = await open();
    await migrate(database, [ledgerMigrations, accessRiskMigrations]);
    const clock = createManualClock(1_767_600_000_000);
    const ledger = createMemoryLedger({ clock });
    const outbox = createOutbox({
      database,
      ledger,
      key: randomBytes(32),
      random: randomBytes,
      nowMs: () => clock.nowMs(),
    });
    const place = directory(context);
    const warnings: unknown[] = [];
    const needs = {
      database,
      outbox,
      clock,
      directory: join(place, 'geo'),
      log: { warn: (_text: string, details?: unknown) => void warnings.push(details) },
    };
    const geo = await createGeo(needs);
    assert.equal(geo.locate('103.10.1.1').city, undefined);
    const file = join(place, 'given.mmdb');
    const load = (bytes: Uint8Array) => {
      writeFileSync(file, bytes);
      return geo.load({ file, by: operator });
    };
    for (const garbage of [
      Buffer.alloc(0),
      randomBytes(5000),
      cities.subarray(0, 200),
      writeMmdb('other', [['1.0.0.0/8', { colour: 'red' }]]),
    ])
      await assert.rejects(load(garbage), { code: 'geo_file_refused' });
    await assert.rejects(geo.load({ file: join(place, 'missing'), by: operator }), { code: 'geo_file_refused' });
    assert.equal((await load(cities)).kind, 'city');
    assert.equal((await load(networks)).kind, 'asn');
    const known = geo.locate('103.10.1.1');
    assert.deepEqual([known.city, known.network, known.isRelay], ['Pune', 'AS64500', true]);
    assert.equal(placeInWords(known), 'Pune, India');
    assert.match(geo.status().find(({ kind }) => kind === 'city')?.sha256 ?? '', /^[0-9a-f]{64}$/);
    const actions = ledger
      .events()
      .map(({ body }) => /"event_code":"([^"]+)"/.exec(Buffer.from(body ?? []).toString())?.[1]);
    assert.deepEqual(actions, ['geo.import', 'geo.import']);
    assert.equal((await createGeo(needs)).locate('103.10.1.1').city, 'Pune');
    writeFileSync(join(place, 'geo', 'city.mmdb'), networks);
    const changed = await createGeo(needs);
    assert.equal(changed.locate('103.10.1.1').city, undefined);
    assert.equal(warnings.length, 1);
    await geo.unload({ kind: 'city', by: operator });
    await assert.rejects(geo.unload({ kind: 'city', by: operator }), { code: 'geo_not_imported' });
    assert.equal(geo.locate('103.10.1.1').city, undefined);
  });
});
