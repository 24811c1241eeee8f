import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { makePrivateDirectory, syncDirectory } from '@sallyport/platform/files';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { AccessRiskError } from '../errors.ts';
import { readGeoFiles, saveGeoFile, removeGeoFile } from './geo-store.ts';
import type { GeoFile, GeoKind } from './geo-store.ts';
import { openMmdb } from './mmdb.ts';
import type { Mmdb, MmdbFacts } from './mmdb.ts';
import { kindOf, placeOf } from './place.ts';
import type { Place } from './place.ts';

export type GeoStatus = {
  readonly kind: GeoKind;
  /** `bundled` came with the product, `imported` from a file somebody has; `missing`: nothing says it. */
  readonly origin: 'bundled' | 'imported' | 'missing';
  readonly facts?: MmdbFacts;
  /** Of an imported one. */
  readonly sha256?: string;
  readonly importedAtMs?: number;
};

/** Where addresses are, from databases on this machine: nothing is asked of the network. */
export type Geo = {
  /** From memory, in microseconds. Never throws. */
  locate(address: string): Place;
  status(): readonly GeoStatus[];
  /**
   * Takes a database in MaxMind's format in place of the one of its kind, which its records tell. What cannot be read changes nothing;
   * a crash leaves the old or the new one. Throws `geo_file_refused`.
   */
  load(request: { readonly file: string; readonly by: Principal }): Promise<GeoStatus>;
  /** Back to what came with the product, or to nothing. Throws `geo_not_imported`. */
  unload(request: { readonly kind: GeoKind; readonly by: Principal }): Promise<void>;
};

export type GeoNeeds = {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Imported databases lie there, as they are: what they say is public. */
  readonly directory: string;
  readonly log: { warn(message: string, details?: Readonly<Record<string, unknown>>): void };
  readonly limits?: { readonly fileBytes?: number };
};

const mostFileBytes = 512 * 1024 * 1024;
const remembered = 5000;
const probes = 20_000;
const enoughRecords = 200;
const kinds: readonly GeoKind[] = ['country', 'city', 'asn'];

/** Reads what was imported, and checks that it is what was imported; what came with the product is read at the first question. */
export async function createGeo(needs: GeoNeeds): Promise<Geo> {
  const { database, outbox, clock, directory, log, limits: { fileBytes = mostFileBytes } = {} } = needs;
  makePrivateDirectory(directory);
  const imported = new Map<GeoKind, { readonly mmdb: Mmdb; readonly file: GeoFile }>();
  const inTurn = createTurns();
  let bundled: Mmdb | undefined;
  let places = new Map<string, Place>();

  for (const file of await readGeoFiles(database)) {
    try {
      const { bytes, sha256 } = await readBounded(pathOf(file.kind), fileBytes);
      if (sha256 !== file.sha256) throw new Error(`its SHA-256 is ${sha256}, must be ${file.sha256}`);
      imported.set(file.kind, { mmdb: openMmdb(bytes), file });
    } catch (error) {
      log.warn('A database of addresses is left out', { kind: file.kind, reason: messageOf(error) });
    }
  }

  function pathOf(kind: GeoKind): string {
    return join(directory, `${kind}.mmdb`);
  }

  function databases() {
    const country = imported.get('country')?.mmdb ?? (bundled ??= openBundled());
    const city = imported.get('city')?.mmdb;
    const asn = imported.get('asn')?.mmdb;
    return { country, ...(city === undefined ? {} : { city }), ...(asn === undefined ? {} : { asn }) };
  }

  function statusOf(kind: GeoKind): GeoStatus {
    const known = imported.get(kind);
    if (known !== undefined) {
      const { sha256, importedAtMs } = known.file;
      return { kind, origin: 'imported', facts: known.mmdb.facts, sha256, importedAtMs };
    }
    return kind === 'country'
      ? { kind, origin: 'bundled', facts: databases().country.facts }
      : { kind, origin: 'missing' };
  }

  async function record(change: {
    readonly action: string;
    readonly by: Principal;
    readonly kind: GeoKind;
    readonly file?: GeoFile;
  }): Promise<void> {
    const { action, by, kind, file } = change;
    await database.transaction().execute(async (transaction) => {
      if (file === undefined) await removeGeoFile(transaction, kind);
      else await saveGeoFile(transaction, file);
      const event = auditEvent({
        nowMs: clock.nowMs(),
        actor: { kind: by.kind, id: by.id, name: by.name },
        action,
        classUid: ocsfClass.entityManagement,
        activityId: file === undefined ? 4 : 3,
        outcome: 'success',
        target: { type: 'address database', id: kind },
        details: file === undefined ? {} : { sha256: file.sha256 },
      });
      await outbox.record(transaction, event);
    });
    places = new Map();
    await outbox.flushed();
  }

  return {
    locate(address) {
      const known = places.get(address);
      if (known !== undefined) return known;
      if (places.size >= remembered) places.clear();
      const place = placeOf(address, databases());
      places.set(address.slice(0, 64), place);
      return place;
    },
    status: () => kinds.map(statusOf),
    load: ({ file, by }) =>
      inTurn(async () => {
        const { bytes, sha256 } = await readOrRefuse(file, fileBytes);
        const { mmdb, kind } = examine(bytes);
        const temporary = `${pathOf(kind)}.new`;
        await writeFile(temporary, bytes, { mode: 0o600, flush: true });
        await rename(temporary, pathOf(kind));
        syncDirectory(directory);
        const stored = { kind, sha256, importedAtMs: clock.nowMs() };
        // Between the two a crash leaves a file whose hash is not the stored one: it is left out at the next start, and said so.
        imported.set(kind, { mmdb, file: stored });
        await record({ action: 'geo.import', by, kind, file: stored });
        return statusOf(kind);
      }),
    unload: ({ kind, by }) =>
      inTurn(async () => {
        if (!imported.has(kind))
          throw new AccessRiskError('geo_not_imported', `Cannot remove the ${kind} database: none was imported`);
        imported.delete(kind);
        await record({ action: 'geo.remove', by, kind });
        await rm(pathOf(kind), { force: true });
      }),
  };
}

async function readOrRefuse(file: string, mostBytes: number): Promise<{ bytes: Buffer; sha256: string }> {
  try {
    return await readBounded(file, mostBytes);
  } catch (error) {
    throw refused(messageOf(error));
  }
}

/** What the records are about, by looking at some from all over the internet: at most so many, each of bounded cost. */
function examine(bytes: Buffer): { readonly mmdb: Mmdb; readonly kind: GeoKind } {
  let mmdb: Mmdb;
  try {
    mmdb = openMmdb(bytes);
  } catch (error) {
    throw refused(messageOf(error));
  }
  const seen = new Map<GeoKind, number>();
  for (let probe = 0; probe < probes; probe += 1) {
    // A step that shares no factor with 2³²: evenly over all addresses.
    const number = (probe * 2_654_435_761) % 4_294_967_296;
    const four = [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
    const six = `2${(number % 4096).toString(16).padStart(3, '0')}:${(Math.floor(number / 4096) % 65_536).toString(16)}::1`;
    for (const address of [four, six]) {
      const record = mmdb.find(address);
      const kind = record === undefined ? undefined : kindOf(record);
      if (kind !== undefined) seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    if ((seen.get('city') ?? 0) + (seen.get('country') ?? 0) + (seen.get('asn') ?? 0) >= enoughRecords) break;
  }
  // Some records of a database of cities know the country alone.
  const kind = kinds.toReversed().find((one) => one !== 'country' && (seen.get(one) ?? 0) > 0) ?? 'country';
  if (!seen.has(kind)) throw refused('no record says a country, a place or a network');
  return { mmdb, kind };
}

async function readBounded(file: string, mostBytes: number): Promise<{ bytes: Buffer; sha256: string }> {
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > mostBytes) throw new Error(`it is longer than ${mostBytes} bytes`);
    hash.update(chunk);
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), sha256: hash.digest('hex') };
}

function openBundled(): Mmdb {
  const file = import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb');
  return openMmdb(readFileSync(new URL(file)));
}

function refused(why: string): AccessRiskError {
  return new AccessRiskError(
    'geo_file_refused',
    `Cannot take this file: ${why}; must be a database of places or networks in MaxMind’s format (.mmdb)`,
  );
}
