import { fixedZone } from '@sallyport/log-formats';
import { parseSyslog } from '@sallyport/log-formats/syslog';
import type { Clock } from '@sallyport/platform/clock';
import { createDaemonWatch } from '../host/daemon-watch.ts';
import type { HostFiles } from '../host/host-files.ts';
import { createTailFile, endOfLines } from '../host/tail-file.ts';
import type { SensorRecord } from '../record.ts';
import { authRecord } from './auth-message.ts';
import { nothing } from './collector.ts';
import type { Collector } from './collector.ts';

const usualPaths = ['/var/log/auth.log', '/var/log/secure'];
const maxBytes = 256 * 1024;

/** The log file of syslog for sign-ins, as distributions name it; undefined when there is none. */
export function usualAuthLog(files: HostFiles): string | undefined {
  return usualPaths.find((path) => files.access(path) !== 'missing');
}

/** Sign-ins from the log file that syslog writes, over rotations. */
export function createAuthLogCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly path: string;
  readonly zoneMinutes: () => number;
  readonly position: string | undefined;
}): Collector {
  const { files, clock, path, zoneMinutes, position } = needs;
  const tail = createTailFile(files, path, { position, maxBytes, unitEnd: endOfLines });
  const daemon = createDaemonWatch(files, clock, ['rsyslogd', 'syslog-ng', 'syslogd']);
  return {
    name: 'auth-log',
    everyMs: 500,
    collect() {
      const read = tail.read();
      if (read === undefined) return nothing;
      const reference = { nowMs: clock.nowMs(), zone: fixedZone(zoneMinutes()) };
      const records = read.bytes
        .toString('utf8')
        .split('\n')
        .flatMap((line): SensorRecord[] => {
          if (line === '') return [];
          const parsed = parseSyslog(line, reference);
          if (!parsed.ok) return [];
          const { application, message, processId, time } = parsed.value;
          if (application === undefined) return [];
          return [
            authRecord({
              collector: 'auth-log',
              timeMs: time?.unixMs ?? clock.nowMs(),
              program: application,
              message,
              processId,
            }),
          ];
        });
      const shrunk = read.shrunk === undefined ? [] : [shrunkRecord('auth-log', path, read.shrunk, clock.nowMs())];
      return { records: [...shrunk, ...records], position: read.position };
    },
    coverage() {
      const access = files.access(path);
      return {
        collector: 'auth-log',
        state: access === 'readable' ? 'full' : 'none',
        sees:
          access === 'readable'
            ? `sign-ins, sudo, su, sessions and account tools, as syslog writes them to ${path}`
            : 'nothing',
        misses:
          access === 'readable'
            ? ''
            : access === 'denied'
              ? `${path}: this user may not read it`
              : `everything: there is no ${path}`,
        remedy:
          access === 'denied'
            ? 'usermod --append --groups adm sallyport-sensor && systemctl restart sallyport-sensor'
            : access === 'missing'
              ? 'apt install rsyslog'
              : undefined,
      };
    },
    problem() {
      if (files.access(path) !== 'readable') return `${path} cannot be read`;
      const gone = daemon.gone();
      return gone === undefined ? undefined : `${gone}, which writes ${path}, does not run any more`;
    },
  };
}

/** A log that lost what it held without a rotation: a trace of somebody removing traces (ATT&CK T1070.002). */
export function shrunkRecord(
  collector: string,
  path: string,
  { wasBytes, isBytes }: { readonly wasBytes: number; readonly isBytes: number },
  timeMs: number,
): SensorRecord {
  return {
    kind: 'file',
    collector,
    lossy: false,
    timeMs,
    event: 'log_shrunk',
    fields: { TargetFilename: path, was_bytes: wasBytes, is_bytes: isBytes },
  };
}
