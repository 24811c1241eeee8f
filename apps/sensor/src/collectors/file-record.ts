import type { Clock } from '@sallyport/platform/clock';
import type { Accounts } from '../host/accounts.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { WhoData } from './audit-log.ts';
import type { FileChange, FileEntry } from './file-entry.ts';

/** Who made a change may be written to the audit log a little before or after it is seen. */
const whoWithinMs = 120_000;

/** What happened to a watched file, with what it was before and who did it, where that is known. */
export function fileRecord(
  told: {
    readonly path: string;
    readonly change: FileChange;
    readonly before: FileEntry | undefined;
    readonly after: FileEntry | undefined;
  },
  needs: {
    readonly clock: Clock;
    readonly accounts: Accounts;
    readonly own?: readonly string[];
    readonly whoTouched: (path: string, sinceMs: number) => WhoData | undefined;
  },
): SensorRecord {
  const { path, change, before, after } = told;
  const { clock, accounts, own } = needs;
  const who = needs.whoTouched(path, clock.nowMs() - whoWithinMs);
  const userName = (userId: number): string => accounts.userName(userId) ?? String(userId);
  return {
    kind: 'file',
    collector: 'files',
    lossy: false,
    timeMs: Math.min(clock.nowMs(), after?.changedMs ?? clock.nowMs()),
    event: change,
    fields: present({
      TargetFilename: path,
      FileName: path.slice(path.lastIndexOf('/') + 1),
      FileKind: (after ?? before)?.kind,
      Size: after?.size,
      Mode: after === undefined ? undefined : modeText(after.mode),
      Owner: after === undefined ? undefined : userName(after.userId),
      Group: after === undefined ? undefined : (accounts.groupName(after.groupId) ?? String(after.groupId)),
      Hashes: after?.sha256 === undefined ? undefined : `SHA256=${after.sha256}`,
      sha256: after?.sha256,
      Target: after?.target,
      PreviousHashes: before?.sha256 === undefined ? undefined : `SHA256=${before.sha256}`,
      previous_sha256: before?.sha256,
      PreviousMode: before === undefined || before.mode === after?.mode ? undefined : modeText(before.mode),
      PreviousOwner: before === undefined || before.userId === after?.userId ? undefined : userName(before.userId),
      PreviousTarget: before?.target,
      Concerns: own?.some((one) => path === one || path.startsWith(`${one}/`)) === true ? 'sensor' : undefined,
      who: who === undefined ? 'unknown' : 'audit',
      ...who?.fields,
    }),
  };
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
