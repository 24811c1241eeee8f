import { parseUtmp } from '@sallyport/log-formats/wtmp';
import type { UtmpRecord } from '@sallyport/log-formats/wtmp';
import type { Clock } from '@sallyport/platform/clock';
import type { HostFiles } from '../host/host-files.ts';
import { createTailFile } from '../host/tail-file.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import { shrunkRecord } from './auth-log.ts';
import { nothing } from './collector.ts';
import type { Collector } from './collector.ts';

const maxRecords = 500;

/**
 * Sessions from the binary logs wtmp (began, ended, boots) and btmp (failed). Nobody reads these day by day, so intruders
 * clean them: that one of them got shorter is told as well. `tellsFailures` where no other log tells of failed sign-ins.
 */
export function createSessionLogCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly log: 'wtmp' | 'btmp';
  readonly tellsFailures: boolean;
  readonly position: string | undefined;
}): Collector {
  const { files, clock, log, tellsFailures, position } = needs;
  const path = `/var/log/${log}`;
  const sizeOfRecord = process.arch === 'arm64' ? 400 : 384;
  const tail = createTailFile(files, path, {
    position,
    maxBytes: maxRecords * sizeOfRecord,
    unitEnd: (bytes) => bytes.length - (bytes.length % sizeOfRecord),
  });
  let wasThere = false;
  return {
    name: log,
    everyMs: 2000,
    problem: () =>
      wasThere && files.access(path) !== 'readable' ? `${path} was there and cannot be read any more` : undefined,
    collect() {
      const read = tail.read();
      if (read === undefined) return nothing;
      wasThere = true;
      const parsed = parseUtmp(read.bytes, { layout: sizeOfRecord === 400 ? '400' : '384' });
      const records = (parsed.ok ? parsed.value.records : []).flatMap(
        (record) => sessionRecord(record, log, tellsFailures) ?? [],
      );
      const shrunk = read.shrunk === undefined ? [] : [shrunkRecord(log, path, read.shrunk, clock.nowMs())];
      return { records: [...shrunk, ...records], position: read.position };
    },
    coverage() {
      const access = files.access(path);
      return {
        collector: log,
        state: access === 'readable' ? 'full' : 'none',
        sees: access === 'readable' ? (log === 'wtmp' ? 'sessions and boots' : 'failed sign-ins') : 'nothing',
        misses:
          access === 'readable'
            ? ''
            : access === 'denied'
              ? `${path}: this user may not read it`
              : `everything: there is no ${path}`,
        remedy:
          access === 'denied'
            ? 'usermod --append --groups utmp sallyport-sensor && systemctl restart sallyport-sensor'
            : access === 'missing'
              ? `install -m 0660 -g utmp /dev/null ${path}`
              : undefined,
      };
    },
  };
}

function sessionRecord(record: UtmpRecord, log: 'wtmp' | 'btmp', tellsFailures: boolean): SensorRecord | undefined {
  const common = { kind: 'sign_in', collector: log, lossy: false, timeMs: record.unixMs } as const;
  const fields = present({
    program: log,
    User: record.user,
    Terminal: record.line,
    SourceIp: record.address,
    SourceHostname: record.host === record.address ? undefined : record.host,
    ProcessId: record.processId === 0 ? undefined : record.processId,
  });
  if (log === 'btmp')
    return tellsFailures ? { ...common, event: 'sign_in_failed', fields: { ...fields, Result: 'failure' } } : undefined;
  switch (record.type) {
    case 'USER_PROCESS':
      return { ...common, event: 'session_began', fields: { ...fields, Result: 'success' } };
    case 'DEAD_PROCESS':
      return { ...common, event: 'session_ended', fields };
    case 'BOOT_TIME':
      return { ...common, kind: 'inventory', event: 'host_booted', fields: present({ kernel: record.host }) };
    default:
      return undefined;
  }
}
