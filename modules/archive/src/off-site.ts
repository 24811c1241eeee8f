import { maxReadBackBytes } from '@sallyport/key-vault/server';
import type { OffSite, OffSiteFacts, OffSiteFile } from '@sallyport/key-vault/server';
import type { ArchiveStore } from './archive-store.ts';
import { ArchiveError } from './errors.ts';
import { recheck, requireContent } from './file-keeper.ts';
import type { FileKeeper, OpenedPlace } from './file-keeper.ts';
import { isName } from './names.ts';
import { fileOf } from './sums.ts';

const mostListed = 100_000;

/** The archive as others use it: for exports of the vault and records of destructions. */
export function createOffSite(needs: {
  readonly facts: OffSiteFacts;
  readonly keeper: FileKeeper;
  readonly store: ArchiveStore;
  readonly nowMs: () => number;
  readonly opened: () => Promise<OpenedPlace>;
}): OffSite {
  const never = new AbortController().signal;
  return {
    facts: needs.facts,
    async store(name, bytes, signal = never) {
      if (bytes.length > maxReadBackBytes)
        throw new ArchiveError(
          'off_site_refused',
          `Cannot archive "${name}": size is ${bytes.length} bytes, must be at most ${maxReadBackBytes}`,
        );
      const opened = await needs.opened();
      const startedMs = needs.nowMs();
      const file = await needs.keeper.keep(opened, fileOf(name, bytes), { signal });
      // Whatever its size, it counts only when every byte came back.
      if (file.readAtMs === 0) await requireContent(opened.place, file, signal);
      // Kept before: still there, under its lock?
      else if (file.checkedAtMs < startedMs || file.problem !== undefined)
        await recheck(opened, file, { isDeep: true, signal });
      const version = file.version === undefined ? '' : `?versionId=${file.version}`;
      return {
        sha256: file.sha256,
        location: `${opened.place.facts.place}${opened.place.facts.kind === 'directory' ? '/' : ''}${name}${version}`,
        lockedUntilMs: file.lock?.untilMs,
      };
    },
    async readBack(name, signal = never) {
      if (!isName(name))
        throw new ArchiveError('off_site_missing', `Cannot read "${name.slice(0, 100)}": it is no name of a file`);
      const { place, id } = await needs.opened();
      const known = await needs.store.file(id, name);
      const parts: Uint8Array[] = [];
      for await (const part of place.read(name, known?.version, maxReadBackBytes, signal)) parts.push(part);
      const bytes = Buffer.concat(parts);
      const found = await place.find(name, known?.version, signal);
      const file = fileOf(name, bytes);
      const expected = known?.sha256 ?? file.sha256;
      const stated = found?.sum === undefined ? undefined : await place.sumOf(file, signal);
      if (file.sha256 !== expected || (stated?.kind === found?.sum?.kind && stated?.value !== found?.sum?.value))
        throw new ArchiveError('off_site_mismatch', `The archive gives other bytes for "${name}" than were kept`);
      return bytes;
    },
    async list(prefix, signal = never) {
      const { place } = await needs.opened();
      const files: OffSiteFile[] = [];
      for await (const { name, bytes, storedAtMs } of place.list(prefix, signal)) {
        if (files.length === mostListed)
          throw new ArchiveError(
            'off_site_refused',
            `Cannot list "${prefix}": there are more than ${mostListed} files`,
          );
        files.push({ name, bytes, storedAtMs });
      }
      return files;
    },
  };
}
