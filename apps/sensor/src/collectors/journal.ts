import { journalSpeaker, journalText, parseJournalJson } from '@sallyport/log-formats/journal-export';
import type { Clock } from '@sallyport/platform/clock';
import type { ChildLines, StartChild } from '../host/child-lines.ts';
import { createDaemonWatch } from '../host/daemon-watch.ts';
import type { HostFiles } from '../host/host-files.ts';
import { authRecord } from './auth-message.ts';
import type { Collector } from './collector.ts';

const restartAfterMs = 5000;
const maxLines = 500;
/** Facilities auth and authpriv, where sign-ins, sudo, and the account tools log. */
const matches = ['SYSLOG_FACILITY=4', '+', 'SYSLOG_FACILITY=10'];

/** Whether there is a journal on disk or in memory that this process may read. */
export function journalAccess(files: HostFiles): 'readable' | 'denied' | 'missing' {
  let state: 'denied' | 'missing' = 'missing';
  for (const folder of ['/var/log/journal', '/run/log/journal']) {
    for (const machine of files.list(folder)) {
      const path = `${folder}/${machine}`;
      if (files.facts(path)?.kind !== 'folder') continue;
      const name = files.list(path).find((entry) => entry.endsWith('.journal'));
      if (name === undefined) {
        if (files.access(path) === 'denied') state = 'denied';
        continue;
      }
      if (files.access(`${path}/system.journal`) === 'readable') return 'readable';
      state = 'denied';
    }
  }
  return state;
}

/** Sign-ins from the systemd journal, from the cursor on: what happened while the sensor was stopped is read as well. */
export function createJournalCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly start: StartChild;
  readonly position: string | undefined;
}): Collector {
  const { files, clock, start } = needs;
  let cursor = needs.position;
  let child: ChildLines | undefined;
  let endedMs: number | undefined;
  let refused = 0;
  let problem: string | undefined;
  let wasReadable = false;
  const daemon = createDaemonWatch(files, clock, ['systemd-journald']);

  /** Following goes on for ever where nobody writes any more. */
  function silence(): string | undefined {
    const access = journalAccess(files);
    wasReadable ||= access === 'readable';
    if (wasReadable && access !== 'readable')
      return access === 'missing' ? 'the journal was removed' : 'the journal may not be read any more';
    return daemon.gone() === undefined ? undefined : 'systemd-journald does not run any more';
  }

  function run(): ChildLines {
    const from = cursor === undefined ? '--since=now' : `--after-cursor=${cursor}`;
    return start('journalctl', ['--follow', '--output=json', '--no-tail', '--quiet', from, ...matches]);
  }

  return {
    name: 'journal',
    everyMs: 500,
    collect() {
      if (child === undefined && (endedMs === undefined || clock.monotonicMs() - endedMs >= restartAfterMs))
        child = run();
      if (child === undefined) return { records: [] };
      const lines = child.take(maxLines);
      const records = lines.flatMap((line) => {
        const parsed = parseJournalJson(line);
        if (!parsed.ok) {
          refused += 1;
          return [];
        }
        const entry = parsed.value;
        cursor = entry.cursor ?? cursor;
        const message = journalText(entry, 'MESSAGE');
        const speaker = journalSpeaker(entry);
        if (message === undefined || speaker === undefined) return [];
        return [
          authRecord({
            collector: 'journal',
            timeMs: entry.unixMs ?? clock.nowMs(),
            program: speaker.program,
            claimedProgram: speaker.claimed,
            message,
            processId:
              (speaker.claimed === undefined ? journalText(entry, 'SYSLOG_PID') : undefined) ??
              journalText(entry, '_PID'),
          }),
        ];
      });
      const ended = child.ended();
      if (ended !== undefined && lines.length === 0) {
        // A cursor that is gone with old journal files would stop it again and again.
        if (ended.includes('cursor')) cursor = undefined;
        problem = ended;
        child = undefined;
        endedMs = clock.monotonicMs();
      } else if (ended === undefined) problem = undefined;
      return { records, position: records.length === 0 ? undefined : cursor };
    },
    coverage() {
      const access = journalAccess(files);
      return {
        collector: 'journal',
        state: access !== 'readable' ? 'none' : refused > 0 ? 'partial' : 'full',
        sees:
          access === 'readable'
            ? 'sign-ins, sudo, su, sessions and account tools, as they log to the systemd journal'
            : 'nothing',
        misses:
          access === 'readable'
            ? refused > 0
              ? `${refused} entries that are too long or broken`
              : ''
            : access === 'denied'
              ? 'the system journal: this user may not read it'
              : 'everything: there is no systemd journal here',
        remedy:
          access === 'denied'
            ? 'usermod --append --groups systemd-journal sallyport-sensor && systemctl restart sallyport-sensor'
            : access === 'missing'
              ? 'mkdir -p /var/log/journal && systemctl restart systemd-journald'
              : undefined,
      };
    },
    problem: () => problem ?? silence(),
    close: () => child?.close(),
  };
}
