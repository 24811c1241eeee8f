import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Accounts } from '../host/accounts.ts';
import type { FileHasher } from '../host/hash-file.ts';
import type { HostFiles } from '../host/host-files.ts';
import { imageOf, readCommandLine } from '../host/proc-processes.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { Content } from './matches.ts';

/** What is known of a process that began, from /proc or from the audit log. */
export type ProcessStart = {
  readonly processId: number;
  readonly parentId: number;
  readonly name: string | undefined;
  readonly image: string | undefined;
  readonly commandLine: string | undefined;
  readonly directory: string | undefined;
  readonly userId: number | undefined;
  /** One of them is the executed file’s, where the source says so: the path may hold another by now, or be of a container. */
  readonly imageInodes?: ReadonlySet<number>;
  /** Who signed in, whoever they became since. */
  readonly loginUserId: number | undefined;
  readonly more?: Readonly<Record<string, JsonValue | undefined>>;
};

export type ProcessNeeds = {
  readonly files: HostFiles;
  readonly accounts: Accounts;
  readonly hasher: FileHasher;
  /** What was started, for whoever looks into it. */
  readonly onContent?: (content: Content) => void;
};

/** The record under Sigma's names for process_creation, with the parent as it is now and the hash of the executable. */
export async function processRecord(
  start: ProcessStart,
  told: { readonly collector: string; readonly lossy: boolean; readonly timeMs: number },
  needs: ProcessNeeds,
): Promise<SensorRecord> {
  const { files, accounts, hasher } = needs;
  const { processId, parentId, image, userId, loginUserId, imageInodes } = start;
  const running = `/proc/${processId}/exe`;
  const link = files.link(running);
  // Through /proc the very file that runs is read, also when its path holds another one by now, or none.
  const isRunning = image !== undefined && imageOf(link) === image;
  const onDisk = image === undefined ? undefined : files.facts(image)?.inode;
  const isThere = image !== undefined && onDisk !== undefined && imageInodes?.has(onDisk) === true;
  // Links of a host that is looked at from outside lead to files of this one.
  const isOutside = isRunning && files.root !== '/';
  const opened = isRunning && !isOutside ? running : isThere || isOutside ? image : undefined;
  const sha256 = opened === undefined ? undefined : await hasher.sha256(files.at(opened));
  const isGone = link?.endsWith(goneMark) === true && files.facts(link) === undefined;
  const fields = present({
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
    // Programs that leave no file behind hide from whoever looks at the disk.
    ImageFile: image?.startsWith('/memfd:') === true ? 'memory' : isGone ? 'deleted' : undefined,
    ...containerOf(files, processId),
    ...start.more,
  });
  if (opened !== undefined && image !== undefined)
    needs.onContent?.({ trigger: 'process_started', path: image, at: files.at(opened), fields: keptOfProcess(fields) });
  return {
    kind: 'process',
    collector: told.collector,
    lossy: told.lossy,
    timeMs: told.timeMs,
    event: 'process_started',
    fields,
  };
}

const goneMark = ' (deleted)';

/** What of a process is told again with what its executable matched. */
function keptOfProcess(fields: JsonObject): JsonObject {
  const { ProcessId, Image, CommandLine, User, ParentProcessId, ParentImage } = fields;
  return present({ ProcessId, Image, CommandLine, User, ParentProcessId, ParentImage });
}

/** A process with a file system of its own: its paths are not those of this host. */
function containerOf(files: HostFiles, processId: number): Readonly<Record<string, string>> {
  const own = files.link('/proc/self/ns/mnt');
  const its = files.link(`/proc/${processId}/ns/mnt`);
  const container = /\b([0-9a-f]{64})\b/.exec(files.text(`/proc/${processId}/cgroup`, 8192) ?? '')?.[1];
  return {
    ...(own !== undefined && its !== undefined && own !== its ? { MountNamespace: its } : {}),
    ...(container === undefined ? {} : { ContainerId: container }),
  };
}
