import { ArchiveError } from './errors.ts';
import type { LockMode } from './settings.ts';
import type { KeptFile, KeptSum, Outgoing, OutgoingFile } from './place.ts';

/** Throws `off_site_mismatch` unless it is the file, locked as long as asked. */
export function requireKept(
  kept: KeptFile,
  asked: {
    readonly file: Pick<OutgoingFile, 'name' | 'bytes'>;
    readonly options: Pick<Outgoing, 'lockUntilMs' | 'isHeld'> & { readonly lockMode?: LockMode | undefined };
    readonly sum: KeptSum;
  },
): KeptFile {
  const { file, options, sum } = asked;
  const wrong = (why: string): ArchiveError =>
    new ArchiveError('off_site_mismatch', `The archive keeps "${file.name}" otherwise than asked: ${why}`);
  if (kept.bytes !== file.bytes) throw wrong(`${kept.bytes} bytes, must be ${file.bytes}`);
  if (kept.sum !== undefined && (kept.sum.kind !== sum.kind || kept.sum.value !== sum.value))
    throw wrong('its SHA-256 is another');
  // S3 keeps whole seconds.
  if (options.lockUntilMs !== undefined && (kept.lock === undefined || kept.lock.untilMs < options.lockUntilMs - 1000))
    throw wrong(kept.lock === undefined ? 'it is not locked' : 'its lock ends sooner');
  if (options.lockMode === 'compliance' && kept.lock?.mode !== 'compliance') throw wrong('its lock is a weaker one');
  if (options.isHeld && !kept.isHeld) throw wrong('it has no legal hold');
  return kept;
}
