import type { JsonValue } from '@sallyport/contracts';
import type { Accounts } from '../host/accounts.ts';
import type { FileHasher } from '../host/hash-file.ts';
import type { HostFiles } from '../host/host-files.ts';
import { imageOf, readCommandLine } from '../host/proc-processes.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';

/** What is known of a process that began, from /proc or from the audit log. */
export type ProcessStart = {
  readonly processId: number;
  readonly parentId: number;
  readonly name: string | undefined;
  readonly image: string | undefined;
  readonly commandLine: string | undefined;
  readonly directory: string | undefined;
  readonly userId: number | undefined;
  /** Who signed in, whoever they became since. */
  readonly loginUserId: number | undefined;
  readonly more?: Readonly<Record<string, JsonValue | undefined>>;
};

export type ProcessNeeds = { readonly files: HostFiles; readonly accounts: Accounts; readonly hasher: FileHasher };

/** The record under Sigma's names for process_creation, with the parent as it is now and the hash of the executable. */
export async function processRecord(
  start: ProcessStart,
  told: { readonly collector: string; readonly lossy: boolean; readonly timeMs: number },
  { files, accounts, hasher }: ProcessNeeds,
): Promise<SensorRecord> {
  const { processId, parentId, image, userId, loginUserId } = start;
  // Through /proc the very file that runs is read, also when its path holds another one by now.
  const running =
    imageOf(files.link(`/proc/${processId}/exe`)) === image
      ? await hasher.sha256(files.at(`/proc/${processId}/exe`))
      : undefined;
  const sha256 = running ?? (image === undefined ? undefined : await hasher.sha256(files.at(image)));
  return {
    kind: 'process',
    collector: told.collector,
    lossy: told.lossy,
    timeMs: told.timeMs,
    event: 'process_started',
    fields: present({
      ProcessId: processId,
      Image: image,
      ProcessName: start.name ?? image?.slice(image.lastIndexOf('/') + 1),
      CommandLine: start.commandLine,
      CurrentDirectory: start.directory,
      User: userId === undefined ? undefined : (accounts.userName(userId) ?? String(userId)),
      UserId: userId,
      LogonUser: loginUserId === undefined ? undefined : accounts.userName(loginUserId),
      ParentProcessId: parentId,
      ParentImage: imageOf(files.link(`/proc/${parentId}/exe`)),
      ParentCommandLine: readCommandLine(files, parentId),
      Hashes: sha256 === undefined ? undefined : `SHA256=${sha256}`,
      sha256,
      ...start.more,
    }),
  };
}
