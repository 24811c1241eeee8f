// What a host has, read from its files: one reader a section, each giving named items with their properties as texts.
import type { HostFiles } from './host-files.ts';
import { walkFiles } from '../collectors/walk-files.ts';

export const sections = [
  'users',
  'groups',
  'sudo_rules',
  'packages',
  'kernel_modules',
  'scheduled_jobs',
  'mounts',
] as const;
export type Section = (typeof sections)[number];
export type Item = Readonly<Record<string, string>>;
export type Items = ReadonlyMap<string, Item>;

type Reader = {
  /** Files and folders whose change means that the section may have changed; none means it is always read. */
  readonly stamps: readonly string[];
  readonly read: (files: HostFiles) => Items;
};

const maxFileBytes = 64 << 20;

export const inventoryReaders: Readonly<Record<Section, Reader>> = {
  users: { stamps: ['/etc/passwd'], read: (files) => parsePasswd(files.text('/etc/passwd') ?? '') },
  groups: { stamps: ['/etc/group'], read: (files) => parseGroup(files.text('/etc/group') ?? '') },
  sudo_rules: {
    stamps: ['/etc/sudoers', '/etc/sudoers.d'],
    read: (files) => linesOf(files, ['/etc/sudoers', '/etc/sudoers.d'], (line) => /^#(?!include)/.test(line)),
  },
  packages: {
    stamps: ['/var/lib/dpkg/status'],
    read: (files) => parseDpkgStatus(files.text('/var/lib/dpkg/status', maxFileBytes) ?? ''),
  },
  kernel_modules: { stamps: [], read: (files) => parseModules(files.text('/proc/modules') ?? '') },
  scheduled_jobs: { stamps: [], read: readScheduledJobs },
  mounts: { stamps: [], read: (files) => parseMountInfo(files.text('/proc/self/mountinfo') ?? '') },
};

export function parsePasswd(text: string): Items {
  return new Map(
    text.split('\n').flatMap((line): [string, Item][] => {
      const [name = '', , userId = '', groupId = '', , home = '', shell = ''] = line.split(':');
      return name === '' || !/^\d+$/.test(userId)
        ? []
        : [[name, { User: name, UserId: userId, GroupId: groupId, Home: home, Shell: shell }]];
    }),
  );
}

export function parseGroup(text: string): Items {
  return new Map(
    text.split('\n').flatMap((line): [string, Item][] => {
      const [name = '', , groupId = '', members = ''] = line.split(':');
      return name === '' || !/^\d+$/.test(groupId) ? [] : [[name, { Group: name, GroupId: groupId, Members: members }]];
    }),
  );
}

/** The stanzas of dpkg's status file; what is removed but leaves its settings behind is not installed. */
export function parseDpkgStatus(text: string): Items {
  const items = new Map<string, Item>();
  for (const stanza of text.split('\n\n')) {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
    const name = field('Package');
    if (name === '' || !field('Status').endsWith(' installed')) continue;
    const architecture = field('Architecture');
    items.set(`${name}:${architecture}`, { Package: name, Version: field('Version'), Architecture: architecture });
  }
  return items;
}

/** proc(5), modules: name, size, uses, dependents, state, address. A module that is out of tree or unsigned is tainted. */
export function parseModules(text: string): Items {
  return new Map(
    text.split('\n').flatMap((line): [string, Item][] => {
      const [name = ''] = line.split(' ', 1);
      const taint = /\(([A-Z]+)\)$/.exec(line.trim())?.[1];
      return name === '' ? [] : [[name, { Module: name, ...(taint === undefined ? {} : { Taint: taint }) }]];
    }),
  );
}

/** proc_pid_mountinfo(5): optional fields end with a hyphen. */
export function parseMountInfo(text: string): Items {
  return new Map(
    text.split('\n').flatMap((line): [string, Item][] => {
      const [before = '', after = ''] = line.split(' - ', 2);
      const [, , , , point = '', options = ''] = before.split(' ');
      const [type = '', source = ''] = after.split(' ');
      return point === '' || type === ''
        ? []
        : [[point, { MountPoint: point, FileSystem: type, Source: source, Options: options }]];
    }),
  );
}

function readScheduledJobs(files: HostFiles): Items {
  const cron = linesOf(
    files,
    ['/etc/crontab', '/etc/cron.d', '/etc/anacrontab', '/var/spool/cron', '/var/spool/at'],
    (line) => line.startsWith('#'),
  );
  const timers = new Map<string, Item>();
  for (const folder of ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system']) {
    for (const name of files.list(folder)) {
      if (!name.endsWith('.timer')) continue;
      const path = `${folder}/${name}`;
      const text = files.text(path) ?? '';
      const schedule = [...text.matchAll(/^(On\w+=.*)$/gm)].map(([, found]) => found ?? '').join('; ');
      const unit = /^Unit=(.*)$/m.exec(text)?.[1] ?? name.replace(/\.timer$/, '.service');
      timers.set(path, { TargetFilename: path, Job: name, Schedule: schedule, CommandLine: unit });
    }
  }
  for (const period of ['hourly', 'daily', 'weekly', 'monthly']) {
    const folder = `/etc/cron.${period}`;
    for (const name of files.list(folder))
      if (!name.startsWith('.'))
        timers.set(`${folder}/${name}`, {
          TargetFilename: `${folder}/${name}`,
          Job: name,
          Schedule: period,
          CommandLine: `${folder}/${name}`,
        });
  }
  return new Map([...cron, ...timers]);
}

/** Every line that says something, named by its file and itself. */
function linesOf(files: HostFiles, paths: readonly string[], isComment: (line: string) => boolean): Items {
  const items = new Map<string, Item>();
  for (const path of walkFiles(files, paths, () => false)) {
    if (files.facts(path)?.kind !== 'file') continue;
    for (const written of (files.text(path) ?? '').split('\n')) {
      const line = written.trim();
      if (line !== '' && !isComment(line))
        items.set(`${path} ${line}`, {
          TargetFilename: path,
          Job: path.slice(path.lastIndexOf('/') + 1),
          CommandLine: line,
        });
    }
  }
  return items;
}
