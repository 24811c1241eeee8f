import { createAuditAssembler, execveArguments, parseAudit } from '@sallyport/log-formats/auditd';
import type { AuditEvent, AuditRecord } from '@sallyport/log-formats/auditd';
import type { Clock } from '@sallyport/platform/clock';
import { resolve } from 'node:path/posix';
import { createDaemonWatch } from '../host/daemon-watch.ts';
import { createTailFile, endOfLines } from '../host/tail-file.ts';
import { joinArguments } from '../host/proc-processes.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import { shrunkRecord } from './auth-log.ts';
import { nothing } from './collector.ts';
import type { Collector } from './collector.ts';
import { processRecord } from './process-record.ts';
import type { ProcessNeeds } from './process-record.ts';

/** Who touched a file, as the audit log says. */
export type WhoData = {
  readonly timeMs: number;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
};

export type AuditCollector = Collector & {
  /** Whether the log has told of process starts lately. */
  seesProcesses(): boolean;
  /** Whether it told that this process began, or became another, since then. */
  hasTold(processId: number, sinceMs: number): boolean;
  /** The last one that touched `path`, when that was after `sinceMs`. */
  whoTouched(path: string, sinceMs: number): WhoData | undefined;
};

const path = '/var/log/audit/audit.log';
const maxBytes = 512 * 1024;
const recentMs = 600_000;
const maxTouched = 2000;
const maxTold = 20_000;
/** Times of /proc are of whole ticks after a boot that is known to the second. */
const sameStartMs = 2000;
/** The user id of nobody: not signed in. */
const unset = 4_294_967_295;
/** The records of an event of the kernel, which more may follow. */
const kernelTypes = new Set([
  'SYSCALL',
  'EXECVE',
  'CWD',
  'PATH',
  'SOCKADDR',
  'BPRM_FCAPS',
  'OBJ_PID',
  'MMAP',
  'IPC',
  'FD_PAIR',
  'CAPSET',
  'NETFILTER_CFG',
  'KERN_MODULE',
]);
/** Somebody changes or ends the recording itself. */
const blinding = new Set(['CONFIG_CHANGE', 'DAEMON_END', 'DAEMON_ABORT', 'DAEMON_CONFIG']);

/** Up to where the lines are of events that are whole: a crash in between must neither lose nor double half an event. */
export function endOfEvents(bytes: Buffer): number {
  const end = endOfLines(bytes);
  if (end === 0) return 0;
  const lines = bytes.subarray(0, end).toString('latin1').split('\n').slice(0, -1);
  const typeOf = (line: string): string => /\btype=(\S+)/.exec(line.slice(0, 200))?.[1] ?? '';
  const serialOf = (line: string): string => /audit\(([^)]*)\)/.exec(line.slice(0, 400))?.[1] ?? '';
  const last = lines.at(-1) ?? '';
  if (!kernelTypes.has(typeOf(last))) return end;
  let held = 0;
  for (const line of lines.toReversed()) {
    if (serialOf(line) !== serialOf(last)) break;
    held += line.length + 1;
  }
  return end - held;
}

/** Process starts, file changes with who made them, and attempts to switch the recording off, from the Linux audit log. */
export function createAuditCollector(
  needs: ProcessNeeds & { readonly clock: Clock; readonly position: string | undefined },
): AuditCollector {
  const { files, accounts, clock, position } = needs;
  const tail = createTailFile(files, path, { position, maxBytes, unitEnd: endOfEvents });
  const touched = new Map<string, WhoData>();
  let lastExecMs = Number.NEGATIVE_INFINITY;
  let wasThere = false;
  /** When a process was last told of, by its id. */
  const toldAt = new Map<number, number>();
  const daemon = createDaemonWatch(files, clock, ['auditd']);

  async function tell(event: AuditEvent): Promise<SensorRecord[]> {
    const first = event.records[0];
    if (first === undefined) return [];
    if (blinding.has(first.type)) {
      // Whatever was changed: that all starts are told has to show anew.
      lastExecMs = Number.NEGATIVE_INFINITY;
      return [blindingRecord(event, first)];
    }
    const call = event.records.find(({ type }) => type === 'SYSCALL');
    const execve = event.records.find(({ type }) => type === 'EXECVE');
    if (call === undefined) return [];
    noteTouched(event, call);
    if (execve === undefined || call.fields.get('success') === 'no') return [];
    lastExecMs = clock.monotonicMs();
    noteTold(numberOf(call, 'pid') ?? 0, event.unixMs);
    return [await startRecord(event, call, execve)];
  }

  function startRecord(event: AuditEvent, call: AuditRecord, execve: AuditRecord): Promise<SensorRecord> {
    const directory = event.records.find(({ type }) => type === 'CWD')?.fields.get('cwd');
    return processRecord(
      {
        processId: numberOf(call, 'pid') ?? 0,
        parentId: numberOf(call, 'ppid') ?? 0,
        name: call.fields.get('comm'),
        image: call.fields.get('exe'),
        imageInodes: inodesOf(event),
        commandLine: joinArguments(execveArguments(execve)),
        directory,
        userId: numberOf(call, 'uid'),
        loginUserId: idOf(call, 'auid'),
        more: {
          EffectiveUserId: numberOf(call, 'euid'),
          Terminal: call.fields.get('tty'),
          audit_serial: event.serial,
          audit_key: call.fields.get('key'),
        },
      },
      { collector: 'audit', lossy: event.droppedRecords > 0, timeMs: event.unixMs },
      needs,
    );
  }

  function noteTold(processId: number, timeMs: number): void {
    toldAt.delete(processId);
    toldAt.set(processId, timeMs);
    const oldest = toldAt.size > maxTold ? toldAt.keys().next().value : undefined;
    if (oldest !== undefined) toldAt.delete(oldest);
  }

  function noteTouched(event: AuditEvent, call: AuditRecord): void {
    const directory = event.records.find(({ type }) => type === 'CWD')?.fields.get('cwd') ?? '/';
    const userId = numberOf(call, 'uid');
    const loginId = idOf(call, 'auid');
    const who: WhoData = {
      timeMs: event.unixMs,
      fields: {
        User: userId === undefined ? undefined : (accounts.userName(userId) ?? String(userId)),
        LogonUser: loginId === undefined ? undefined : accounts.userName(loginId),
        Image: call.fields.get('exe'),
        ProcessId: numberOf(call, 'pid'),
      },
    };
    for (const { type, fields } of event.records) {
      const name = fields.get('name');
      // The parent folder of what was made or removed says nothing of the file.
      if (type !== 'PATH' || name === undefined || fields.get('nametype') === 'PARENT') continue;
      const whole = resolve(directory, name);
      touched.delete(whole);
      touched.set(whole, who);
      const oldest = touched.size > maxTouched ? touched.keys().next().value : undefined;
      if (oldest !== undefined) touched.delete(oldest);
    }
  }

  return {
    name: 'audit',
    everyMs: 500,
    async collect() {
      const read = tail.read();
      if (read === undefined) return nothing;
      wasThere = true;
      const assembler = createAuditAssembler({ maxWaitingEvents: 1024, maxRecordsPerEvent: 512 });
      const records: SensorRecord[] =
        read.shrunk === undefined ? [] : [shrunkRecord('audit', path, read.shrunk, clock.nowMs())];
      const events = read.bytes
        .toString('utf8')
        .split('\n')
        .flatMap((line) => {
          const parsed = line === '' ? undefined : parseAudit(line);
          return parsed?.ok === true ? assembler.add(parsed.value) : [];
        });
      for (const event of [...events, ...assembler.flush()]) records.push(...(await tell(event)));
      return { records, position: read.position };
    },
    seesProcesses: () => clock.monotonicMs() - lastExecMs < recentMs && files.access(path) === 'readable',
    hasTold(processId, sinceMs) {
      const timeMs = toldAt.get(processId);
      return timeMs !== undefined && timeMs >= sinceMs - sameStartMs;
    },
    problem() {
      if (!wasThere) return undefined;
      if (files.access(path) !== 'readable') return `${path} was there and cannot be read any more`;
      return daemon.gone() === undefined ? undefined : 'auditd does not run any more';
    },
    whoTouched(name, sinceMs) {
      const who = touched.get(name);
      return who !== undefined && who.timeMs >= sinceMs ? who : undefined;
    },
    coverage() {
      const access = files.access(path);
      return {
        collector: 'audit',
        state: access === 'readable' ? 'full' : 'none',
        sees:
          access === 'readable'
            ? 'what the audit rules of this host record: process starts and who changed a file'
            : 'nothing',
        misses:
          access === 'readable'
            ? ''
            : access === 'denied'
              ? `${path}: this user may not read it`
              : 'who changed a file, and processes that are over soon',
        remedy:
          access === 'denied'
            ? 'sed -i "s/^log_group.*/log_group = sallyport-sensor/" /etc/audit/auditd.conf && pkill -HUP -x auditd'
            : access === 'missing'
              ? 'apt install auditd'
              : undefined,
      };
    },
  };
}

function blindingRecord(event: AuditEvent, record: AuditRecord): SensorRecord {
  return {
    kind: 'sensor',
    collector: 'audit',
    lossy: false,
    timeMs: event.unixMs,
    event: 'audit_changed',
    fields: present({
      audit_type: record.type,
      operation: record.fields.get('op') ?? record.message.get('op'),
      audit_key: record.fields.get('key'),
      ProcessId: numberOf(record, 'pid'),
      Result: record.fields.get('res') ?? record.message.get('res'),
    }),
  };
}

/** Of the files of the call, the executed one among them. Names would mislead: they go over links, and are those of a container. */
function inodesOf(event: AuditEvent): ReadonlySet<number> {
  return new Set(event.records.flatMap((record) => (record.type === 'PATH' ? (numberOf(record, 'inode') ?? []) : [])));
}

function numberOf(record: AuditRecord, name: string): number | undefined {
  const text = record.fields.get(name);
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function idOf(record: AuditRecord, name: string): number | undefined {
  const id = numberOf(record, name);
  return id === unset ? undefined : id;
}
