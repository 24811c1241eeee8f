import type { ArchiveAlarms } from './archive-alarms.ts';
import type { ArchivedFile } from './archived-file.ts';
import type { ArchiveStore } from './archive-store.ts';
import type { OpenedPlace } from './file-keeper.ts';
import type { Holds } from './needs.ts';

/**
 * Legal holds of the vault, carried over to what they cover: blocks with entries under a held key, and the newest copy of the
 * wrapped keys, without which those blocks never open. Lifted when no hold covers a file any more.
 */
export function createArchiveHolds(needs: {
  readonly store: ArchiveStore;
  readonly alarms: ArchiveAlarms;
  readonly holds: () => Promise<Holds>;
}): { apply(opened: OpenedPlace, signal: AbortSignal): Promise<void> } {
  const { store, alarms } = needs;
  /** What was carried out: holds and files alike may have changed. */
  let applied = '';

  return {
    async apply(opened, signal) {
      if (opened.retentionMs === undefined) return;
      const holds = await needs.holds();
      const { files } = await store.totals(opened.id);
      const state = `${opened.id} ${holds.digest} ${files}`;
      if (state === applied) return;
      const wanted = new Map<string, ArchivedFile>();
      const ranges = await holds.ranges();
      for (const range of ranges)
        for (const file of await store.covering(opened.id, range)) wanted.set(file.name, file);
      const held = await store.held(opened.id);
      if (ranges.length > 0) {
        const newest = await store.newestOfKind(opened.id, 'vault');
        const kept = held.find(({ kind }) => kind === 'vault');
        // One that went before the youngest of the held blocks may lack its key.
        const youngestMs = Math.max(0, ...[...wanted.values()].map(({ storedAtMs }) => storedAtMs));
        const vault = kept !== undefined && kept.storedAtMs >= youngestMs ? kept : newest;
        if (vault !== undefined) wanted.set(vault.name, vault);
      }
      const changes = [
        ...[...wanted.values()].filter(({ isHeld }) => !isHeld).map((file) => ({ file, isHeld: true })),
        ...held.filter(({ name }) => !wanted.has(name)).map((file) => ({ file, isHeld: false })),
      ];
      for (const { file, isHeld } of changes) {
        signal.throwIfAborted();
        await opened.place.setHold(file.name, file.version, isHeld, signal);
        await store.saveFile(opened.id, { ...file, isHeld });
      }
      if (changes.length > 0)
        await alarms.tell({
          action: 'archive.holds-applied',
          outcome: 'success',
          message: `Legal holds in the archive: ${changes.filter(({ isHeld }) => isHeld).length} files held, ${changes.filter(({ isHeld }) => !isHeld).length} let go`,
          details: {
            held: changes.flatMap(({ file, isHeld }) => (isHeld ? [file.name] : [])).slice(0, 100),
            lifted: changes.flatMap(({ file, isHeld }) => (isHeld ? [] : [file.name])).slice(0, 100),
          },
        });
      applied = state;
    },
  };
}
