import type { Clock } from '@sallyport/platform/clock';
import { askTimeServer, runTimeCommand } from '@sallyport/platform/time-service';
import { dirname, join } from 'node:path';
import { createBaselineStore } from './baseline-store.ts';
import { createAuditCollector } from './collectors/audit-log.ts';
import { createAuthLogCollector, usualAuthLog } from './collectors/auth-log.ts';
import { createClockCollector } from './collectors/clock-state.ts';
import type { Collector } from './collectors/collector.ts';
import { createMatchCollector } from './collectors/matches.ts';
import type { Content } from './collectors/matches.ts';
import { createFileIntegrityCollector } from './collectors/file-integrity.ts';
import { createInventoryCollector } from './collectors/inventory.ts';
import { createJournalCollector, journalAccess } from './collectors/journal.ts';
import { createProcessCollector } from './collectors/processes.ts';
import { createSessionLogCollector } from './collectors/session-log.ts';
import { createSocketCollector } from './collectors/sockets.ts';
import type { Settings } from './config.ts';
import { createAccounts } from './host/accounts.ts';
import { startChild } from './host/child-lines.ts';
import { createFileHasher, withAllowance } from './host/hash-file.ts';
import { createHostFiles } from './host/host-files.ts';
import { imageOf, listProcesses } from './host/proc-processes.ts';

import { watchFolder } from './host/watch-folder.ts';
import { createHashLists } from './matching/hash-lists.ts';
import { createYaraScanner } from './matching/yara-scanner.ts';
import type { SenderStatus } from './send/sender.ts';

export type CollectorNeeds = {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
  readonly position: (collector: string) => string | undefined;
  readonly sender: () => SenderStatus;
  /** The script that runs: it and what is beside it are watched too. */
  readonly program: string;
};

/** A fifth of a core, and two seconds in a row. */
const programHashing = { msPerSecond: 200, burstMs: 2000 } as const;

/** The collectors that make sense on this host, in the order in which they are asked: who touched a file is known before the file is looked at. */
export function buildCollectors(needs: CollectorNeeds): Collector[] {
  const { settings, clock, key, random, position, sender } = needs;
  const files = createHostFiles(settings.root);
  const accounts = createAccounts(files);
  const hasher = createFileHasher();
  const baselinesOf = (name: string) =>
    createBaselineStore({ directory: join(settings.stateDirectory, 'baselines'), name, key, random });
  const scanner = createYaraScanner({ files, paths: settings.yaraRules, program: scanProgram(needs.program) });
  const matches = createMatchCollector({
    clock,
    hasher,
    lists: createHashLists(files, settings.hashLists),
    scanner,
    configFile: settings.configFile,
    present: presentContent,
    position: position('matches'),
  });
  const common = { files, accounts, hasher, clock, onContent: matches.offer };
  // Programs may be copied, made long and started by the hundred.
  const ofPrograms = { ...common, hasher: withAllowance(hasher, clock, programHashing) };

  const audit = createAuditCollector({ ...ofPrograms, position: position('audit') });
  const authLog = settings.authLog ?? usualAuthLog(files);
  // The same sign-in in two logs would count twice: the journal goes first unless a log file was asked for.
  const usesJournal =
    settings.authLog === undefined &&
    settings.root === '/' &&
    (authLog === undefined || journalAccess(files) === 'readable');
  const signIns = usesJournal
    ? createJournalCollector({ files, clock, start: startChild, position: position('journal') })
    : createAuthLogCollector({
        files,
        clock,
        path: authLog ?? '/var/log/auth.log',
        zoneMinutes: () => -new Date(clock.nowMs()).getTimezoneOffset(),
        position: position('auth-log'),
      });
  const tellsFailures = usesJournal ? journalAccess(files) !== 'readable' : files.access(authLog ?? '') !== 'readable';
  const ownFiles = [
    dirname(needs.program),
    settings.keyFile,
    settings.caFile,
    '/etc/sallyport-sensor',
    '/etc/systemd/system/sallyport-sensor.service',
  ];
  const integrity = createFileIntegrityCollector({
    ...common,
    watch: watchFolder,
    baselines: baselinesOf('files'),
    paths: [
      ...new Set([...settings.paths, ...(settings.root === '/' ? ownFiles : [])].filter((path) => path !== undefined)),
    ],
    // What a build writes there of its sources says nothing about the program.
    excluded: [...settings.excluded, settings.stateDirectory, join(dirname(needs.program), '.sources')],
    own: ownFiles.filter((path) => path !== undefined),
    position: position('files'),
    whoTouched: (path, sinceMs) => audit.whoTouched(path, sinceMs),
  });
  const all: Collector[] = [
    audit,
    signIns,
    createSessionLogCollector({ files, clock, log: 'wtmp', tellsFailures, position: position('wtmp') }),
    createSessionLogCollector({ files, clock, log: 'btmp', tellsFailures, position: position('btmp') }),
    createProcessCollector({
      ...ofPrograms,
      position: position('processes'),
      other: { isOn: audit.seesProcesses, hasTold: audit.hasTold },
    }),
    integrity,
    matches,
    createSocketCollector({ files, accounts, clock }),
    createInventoryCollector({ files, clock, baselines: baselinesOf('inventory'), position: position('inventory') }),
    createClockCollector({ files, clock, run: runTimeCommand, sender, ...timeServerOf(needs) }),
  ];
  return all.filter(({ name }) => !settings.without.includes(name));

  /** The watched files and the executables that run. */
  function presentContent(): Iterable<Content> | undefined {
    const watched = settings.without.includes('files') ? [] : integrity.watched();
    if (watched === undefined) return undefined;
    const running = listProcesses(files).flatMap((processId): Content[] => {
      const path = imageOf(files.link(`/proc/${processId}/exe`));
      const at = files.at(`/proc/${processId}/exe`);
      return path === undefined ? [] : [{ trigger: 'sweep', path, at, fields: { ProcessId: processId, Image: path } }];
    });
    const onDisk = [...watched].map((path): Content => ({ trigger: 'sweep', path, at: files.at(path), fields: {} }));
    return [...running, ...onDisk];
  }
}

/** Within seconds: a collector that waits delays those after it. */
const measureTimeoutMs = 3000;

function timeServerOf({ settings, clock, random }: CollectorNeeds) {
  const { timeServer } = settings;
  if (timeServer === undefined) return {};
  const ask = () => askTimeServer({ clock, random }, timeServer, AbortSignal.timeout(measureTimeoutMs));
  return { measure: { server: `${timeServer.host}:${timeServer.port}`, ask } };
}

/** The program that matches rules lies beside the one that runs. From the sources it needs the packages, too. */
function scanProgram(program: string): { file: string; reads: readonly string[] } {
  if (!program.endsWith('.ts')) {
    const folder = dirname(program);
    return { file: join(folder, 'sallyport-sensor-yara.mjs'), reads: [folder] };
  }
  const file = join(import.meta.dirname, 'matching/yara-child.ts');
  return { file, reads: [join(import.meta.dirname, '../../..')] };
}
