import { messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { readInThread } from './catalogue-thread.ts';
import type { Reading } from './catalogue-thread.ts';
import type { CheckedPack } from './catalogue-protocol.ts';
import { RulePackError } from './errors.ts';
import type { RulePacksNeeds } from './needs.ts';
import type { PackDirectory, ReceivedFile } from './pack-directory.ts';
import { packEvent } from './pack-events.ts';
import type { PackManifest } from './pack-manifest.ts';
import { newPack, packStateLimits, versionOf, withVersion } from './pack-state.ts';
import type { PackState, PackVersion } from './pack-state.ts';
import type { PackStore } from './pack-store.ts';

/** How far the rules of a release have been read. */
export type ReadingProgress = { readonly done: number; readonly of: number };

type TakeNeeds = Pick<RulePacksNeeds, 'database' | 'outbox' | 'clock' | 'log' | 'read'> & {
  readonly store: PackStore;
  readonly directory: PackDirectory;
  /** Changes of packs, one after another. */
  readonly inTurn: <Result>(task: () => Promise<Result>) => Promise<Result>;
  /** Called when the rules of a release were read to their end. */
  readonly wasRead: (release: { readonly name: string; readonly version: string }, by: Principal) => Promise<void>;
};

/** Files that came become releases that wait to be put into force. What is read of one goes on behind the reply, and after a restart. */
export function createPackTaking(needs: TakeNeeds) {
  const { database, outbox, clock, log, store, directory, inTurn, read = readInThread } = needs;
  /** What each is of. A version that was discarded can be there twice. */
  const readings = new Map<Reading, string>();
  const watched = new Set<Promise<void>>();
  let closed = false;

  /** Throws `RulePackError` `pack_invalid`, `pack_unsigned`, `pack_version_taken`, `packs_full`. */
  async function admit(file: ReceivedFile, actor: Principal): Promise<{ name: string; version: string }> {
    const keys = (await store.keys()).map(({ key }) => key);
    const reading = read({ path: file.path, sha256: file.sha256, keys });
    try {
      const checked = await reading.checked;
      const { manifest } = checked;
      const { state, again } = await placeFor(manifest, file);
      await directory.keep(file);
      const version = again ?? versionFrom(checked, { file, actor, nowMs: clock.nowMs() });
      await database.transaction().execute(async (transaction) => {
        await store.save(transaction, withVersion(state, version));
        await outbox.record(
          transaction,
          packEvent({
            nowMs: clock.nowMs(),
            actor,
            action: 'import',
            target: manifest.name,
            details: { version: manifest.version, sha256: file.sha256, key: checked.key, files: manifest.files },
          }),
        );
      });
      await outbox.flushed();
      if (again === undefined) void watch(manifest.name, version, reading);
      else await reading.end();
      return { name: manifest.name, version: manifest.version };
    } catch (error) {
      await reading.end();
      await recordRefusal(file, actor, error);
      throw error;
    }
  }

  /** The pack the file belongs to; `again` when this very file was taken before, which puts it back where it was damaged. */
  async function placeFor(
    manifest: PackManifest,
    file: ReceivedFile,
  ): Promise<{ state: PackState; again: PackVersion | undefined }> {
    const { packs, damaged } = await store.packs();
    const state = packs.find(({ name }) => name === manifest.name);
    if (damaged.includes(manifest.name)) await store.pack(manifest.name);
    if (state === undefined) {
      if (packs.length + damaged.length >= packStateLimits.packs)
        throw new RulePackError(
          'packs_full',
          `Cannot take another rule pack: there are ${packStateLimits.packs} already`,
          {
            hint: 'remove one that nobody needs',
          },
        );
      return { state: newPack(manifest.name), again: undefined };
    }
    const same = versionOf(state, manifest.version);
    if (same !== undefined && same.sha256 !== file.sha256)
      throw new RulePackError(
        'pack_version_taken',
        `Cannot take version "${manifest.version}" of "${manifest.name}": it is here already with other content`,
        { hint: 'whoever publishes it must give it another version; ask them which of the two is theirs' },
      );
    const staged = state.versions.filter(({ version }) => isStaged(state, version) && version !== manifest.version);
    if (staged.length >= packStateLimits.staged)
      throw new RulePackError(
        'packs_full',
        `Cannot take version "${manifest.version}" of "${manifest.name}": ${staged.length} versions wait already`,
        { hint: 'put one of them into force, or discard it' },
      );
    const isRead = same?.reading === 'done' && (await store.catalogue({ ...same, name: state.name })) !== undefined;
    return { state, again: isRead ? same : undefined };
  }

  async function recordRefusal(file: ReceivedFile, actor: Principal, error: unknown): Promise<void> {
    const failure = error instanceof RulePackError ? error.code : 'internal';
    const event = packEvent({
      nowMs: clock.nowMs(),
      actor,
      action: 'import',
      target: file.sha256,
      failure,
      details: { sha256: file.sha256, bytes: file.bytes },
    });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
  }

  /** Resolves when it came to its end, whatever that is. */
  function watch(name: string, version: PackVersion, reading: Reading): Promise<void> {
    readings.set(reading, placeOf(name, version.version));
    const work = finish(name, version, reading)
      .catch((error: unknown) => log.error('A rule pack was not read to its end', { name, reason: messageOf(error) }))
      .finally(() => {
        readings.delete(reading);
        watched.delete(work);
      });
    watched.add(work);
    return work;
  }

  async function finish(name: string, { version, sha256, importedBy }: PackVersion, reading: Reading): Promise<void> {
    const catalogue = await reading.catalogue.catch((error: unknown) => messageOf(error));
    await reading.end();
    // What is cut short by a stop is read again at the next start.
    if (closed) return;
    await inTurn(async () => {
      const state = await store.pack(name);
      const found = versionOf(state, version);
      // Discarded meanwhile, and perhaps another file taken under the same version: this is not what was read of that.
      if (found?.sha256 !== sha256) return;
      await database.transaction().execute(async (transaction) => {
        if (typeof catalogue === 'string') {
          await store.save(transaction, withVersion(state, { ...found, reading: 'failed', reason: catalogue }));
          return;
        }
        const { rules, refusals } = catalogue;
        const done: PackVersion = { ...found, reading: 'done', rules: rules.length, refused: refusals.length };
        await store.save(transaction, withVersion(state, done));
        await store.saveCatalogue(transaction, { name, version, sha256 }, catalogue);
      });
    });
    const kind = principalKinds.find((known) => known === importedBy.kind);
    if (typeof catalogue === 'string' || kind === undefined) return;
    await needs.wasRead({ name, version }, { ...importedBy, kind, scopes: [] });
  }

  /** One after another: each takes a thread and its memory. */
  async function readAgain(): Promise<void> {
    const keys = (await store.keys()).map(({ key }) => key);
    const { packs } = await store.packs();
    for (const { name, versions } of packs)
      for (const version of versions) {
        if (closed || version.reading !== 'reading') continue;
        const { sha256 } = version;
        await watch(name, version, read({ path: directory.pathOf(sha256), sha256, keys }));
      }
  }

  return {
    admit,
    progressOf: (name: string, version: string): ReadingProgress | undefined =>
      [...readings].findLast(([, place]) => place === placeOf(name, version))?.[0].progress(),
    /** How many releases are being read behind the reply. */
    underWay: (): number => readings.size,
    /** Begins to go on with what a stop interrupted. */
    resume(): void {
      const work = readAgain()
        .catch((error: unknown) => log.error('Rule packs are not read on', { reason: messageOf(error) }))
        .finally(() => watched.delete(work));
      watched.add(work);
    },
    async close(): Promise<void> {
      closed = true;
      await Promise.all([...readings.keys()].map((reading) => reading.end()));
      await Promise.all(watched);
    },
  };
}

const principalKinds = ['user', 'key', 'operator', 'device'] as const;

function isStaged(state: PackState, version: string): boolean {
  return version !== state.inForce && !state.before.includes(version);
}

function versionFrom(
  { manifest, key }: CheckedPack,
  of: { readonly file: ReceivedFile; readonly actor: Principal; readonly nowMs: number },
): PackVersion {
  const { version, createdMs, licence, source, files } = manifest;
  const { kind, id, name } = of.actor;
  return {
    version,
    createdMs,
    licence,
    source,
    files,
    bytes: of.file.bytes,
    sha256: of.file.sha256,
    key,
    importedMs: of.nowMs,
    importedBy: { kind, id, name },
    reading: 'reading',
    rules: 0,
    refused: 0,
  };
}

function placeOf(name: string, version: string): string {
  return `${name}/${version}`;
}
