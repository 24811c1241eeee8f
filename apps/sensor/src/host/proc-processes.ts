import type { HostFiles } from './host-files.ts';

/** A process as /proc shows it. Paths of other users' processes are undefined unless this one may see them. */
export type ProcessFacts = {
  readonly processId: number;
  readonly parentId: number;
  /** Ticks since boot; with the id it names a process once and for all. */
  readonly startTicks: number;
  readonly name: string;
  readonly commandLine: string | undefined;
  readonly image: string | undefined;
  readonly directory: string | undefined;
  readonly userId: number | undefined;
};

/** `pid (comm) state ppid …`: proc_pid_stat(5). The name may hold anything, so the last parenthesis ends it. */
export function parseProcStat(text: string): { name: string; parentId: number; startTicks: number } | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const parentId = Number(fields[1]);
  const startTicks = Number(fields[19]);
  if (!Number.isSafeInteger(parentId) || !Number.isSafeInteger(startTicks) || fields[19] === undefined)
    return undefined;
  return { name: text.slice(open + 1, close), parentId, startTicks };
}

export function listProcesses(files: HostFiles): number[] {
  return files.list('/proc').flatMap((name) => (/^\d{1,9}$/.test(name) ? [Number(name)] : []));
}

export function readStat(files: HostFiles, processId: number): ReturnType<typeof parseProcStat> {
  const text = files.text(`/proc/${processId}/stat`, 4096);
  return text === undefined ? undefined : parseProcStat(text);
}

export function readProcess(files: HostFiles, processId: number): ProcessFacts | undefined {
  const folder = `/proc/${processId}`;
  const stat = readStat(files, processId);
  if (stat === undefined) return undefined;
  const userLine = /^Uid:\s+(\d+)/m.exec(files.text(`${folder}/status`, 8192) ?? '')?.[1];
  return {
    processId,
    ...stat,
    commandLine: readCommandLine(files, processId),
    image: imageOf(files.link(`${folder}/exe`)),
    directory: files.link(`${folder}/cwd`),
    userId: userLine === undefined ? undefined : Number(userLine),
  };
}

/** Undefined for kernel threads and processes that are gone. Arguments are parted by spaces; ones that hold some are quoted. */
export function readCommandLine(files: HostFiles, processId: number): string | undefined {
  const bytes = files.bytes(`/proc/${processId}/cmdline`, 64 * 1024);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = bytes.toString('utf8');
  return joinArguments((text.endsWith('\0') ? text.slice(0, -1) : text).split('\0'));
}

export function joinArguments(list: readonly string[]): string {
  return list
    .map((argument) => (/^[^\s"'\\$`]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

/** A file that was removed while it runs is marked by the kernel. */
export function imageOf(link: string | undefined): string | undefined {
  return link?.endsWith(' (deleted)') === true ? link.slice(0, -' (deleted)'.length) : link;
}

/** Kernel threads are children of kthreadd, which is process 2. */
export function isKernelThread(facts: { readonly processId: number; readonly parentId: number }): boolean {
  return facts.processId === 2 || facts.parentId === 2;
}
