/** What is known of something about a machine; what could not be seen is unknown, never good. */
export type Told = 'yes' | 'no' | 'unknown';

/** Files of a machine as this process may read them; what cannot be read is undefined or empty. */
export type MachineFiles = {
  readonly text: (path: string) => string | undefined;
  readonly list: (path: string) => readonly string[];
};

type MachineState = {
  /** "Debian GNU/Linux 12 (bookworm)". */
  readonly system?: string;
  readonly kernel?: string;
  /** The system encrypts each file system of its own disks. What encrypts below it, a drive or whoever runs the virtual machine, is not seen. */
  readonly diskEncrypted: Told;
  readonly firewall: Told;
  readonly secureBoot: Told;
  readonly isContainer: boolean;
};

/** A Linux machine by its files alone: no program is started, and no right is needed. */
export function linuxState(files: MachineFiles): MachineState {
  const release = /^PRETTY_NAME="?([^"\n]{1,200})"?$/m.exec(files.text('/etc/os-release') ?? '')?.[1];
  const kernel = files.text('/proc/sys/kernel/osrelease')?.trim().slice(0, 100);
  return {
    ...(release === undefined ? {} : { system: release }),
    ...(kernel === undefined || kernel === '' ? {} : { kernel }),
    diskEncrypted: diskEncrypted(files),
    firewall: firewall(files),
    secureBoot: secureBoot(files),
    isContainer: isContainer(files),
  };
}

/** Holds programs that start the machine and nothing anybody wrote. */
const startFolders = /^\/(?:boot|efi)(?:\/|$)/;
/** Kept whole inside one file, or on a disc. */
const imageKinds = new Set(['squashfs', 'iso9660', 'erofs', 'udf']);
/** Hold nothing on a disk, or only what lies on a file system that stands in the list itself. */
const virtualKinds = new Set(
  [
    'autofs binder binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue',
    'nfsd nsfs overlay proc pstore ramfs resctrl rpc_pipefs securityfs selinuxfs smackfs sysfs tmpfs tracefs',
    'fuse.gvfsd-fuse fuse.lxcfs fuse.portal fuse.snapfuse',
  ].flatMap((kinds) => kinds.split(' ')),
);
const maxMounts = 4000;
/** Far below where the readers of files stop. */
const maxMountsLength = 2 << 20;
const maxDepth = 8;

function diskEncrypted(files: MachineFiles): Told {
  const text = files.text('/proc/self/mountinfo') ?? '';
  const mounts = text.split('\n').filter((line) => line !== '');
  const found = new Set(mounts.slice(0, maxMounts).flatMap((line) => mountEncrypted(files, line)));
  if (mounts.length > maxMounts || text.length > maxMountsLength) found.add('unknown');
  // One that is in clear is enough to say so; only all of them are enough for a yes.
  if (found.has('no')) return 'no';
  return found.size === 0 || found.has('unknown') ? 'unknown' : 'yes';
}

function mountEncrypted(files: MachineFiles, line: string): readonly Told[] {
  const [, , device = '', , place = '', ...rest] = line.split(' ');
  const [kind = '', source = ''] = rest.slice(rest.indexOf('-') + 1);
  if (startFolders.test(place) || imageKinds.has(kind)) return [];
  if (!source.startsWith('/dev/')) {
    // A container's own `/` lies on a disk that it does not see. A pool of ZFS, a share, or what is newer than this list: nobody knows.
    const isElsewhere = virtualKinds.has(kind) ? place === '/' && kind === 'overlay' : !isAppImage(kind);
    return isElsewhere ? ['unknown'] : [];
  }
  const folder = blockFolder(files, device, source);
  const own: Told = folder === undefined ? 'unknown' : isEncrypted(files, folder, 0);
  return kind === 'btrfs' ? [own, ...btrfsDisks(files)] : [own];
}

/** A program that mounts itself out of its own file. */
function isAppImage(kind: string): boolean {
  return kind.startsWith('fuse.') && kind.endsWith('.AppImage');
}

/** One file system may lie on several disks, of which the list of mounts names one. */
function btrfsDisks(files: MachineFiles): readonly Told[] {
  return files
    .list('/sys/fs/btrfs')
    .flatMap((id) => files.list(`/sys/fs/btrfs/${id}/devices`))
    .map((name) => isEncrypted(files, `/sys/class/block/${name}`, 0));
}

/** Where the kernel tells of a device. Some file systems have numbers of their own: those are looked up by name. */
function blockFolder(files: MachineFiles, device: string, source: string): string | undefined {
  if (/^[1-9]\d*:\d+$/.test(device)) return `/sys/dev/block/${device}`;
  const name = /^\/dev\/(?:mapper\/)?([^/]{1,128})$/.exec(source)?.[1];
  if (name === undefined) return undefined;
  if (!source.startsWith('/dev/mapper/')) return `/sys/class/block/${name}`;
  const mapped = files
    .list('/sys/class/block')
    .find((one) => one.startsWith('dm-') && files.text(`/sys/class/block/${one}/dm/name`)?.trim() === name);
  return mapped === undefined ? undefined : `/sys/class/block/${mapped}`;
}

function isEncrypted(files: MachineFiles, folder: string, depth: number): Told {
  const mapped = files.text(`${folder}/dm/uuid`) ?? '';
  if (/^CRYPT-(?:LUKS[12]|PLAIN)-/.test(mapped)) return 'yes';
  // Encrypted too, in ways of other systems, which are not judged here. Others that are named CRYPT only check what they hold.
  if (/^CRYPT-(?:TCRYPT|BITLK|FVAULT2)-/.test(mapped)) return 'unknown';
  // Nothing is known of a device that the kernel tells nothing of.
  if (files.text(`${folder}/size`) === undefined || depth >= maxDepth) return 'unknown';
  const below = files.list(`${folder}/slaves`).map((name) => isEncrypted(files, `/sys/class/block/${name}`, depth + 1));
  if (below.length === 0 || below.includes('no')) return 'no';
  return below.includes('unknown') ? 'unknown' : 'yes';
}

/** Of those that say in a readable file whether they are on; rules that somebody loaded by hand only root sees. */
function firewall(files: MachineFiles): Told {
  const started = new Set([
    ...files.list('/etc/systemd/system/multi-user.target.wants'),
    ...files.list('/etc/systemd/system/sysinit.target.wants'),
  ]);
  if (started.has('firewalld.service') || started.has('nftables.service')) return 'yes';
  const ufw = /^ENABLED=(\w+)\s*$/m.exec(files.text('/etc/ufw/ufw.conf') ?? '')?.[1];
  return ufw === 'yes' ? 'yes' : ufw === 'no' ? 'no' : 'unknown';
}

/** The variable has four bytes of attributes and one that is 1 where it is on (UEFI 2.10, 3.3). */
function secureBoot(files: MachineFiles): Told {
  const value = files.text('/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c');
  if (value?.length !== 5) return 'unknown';
  return value.endsWith('\u0001') ? 'yes' : 'no';
}

function isContainer(files: MachineFiles): boolean {
  return (
    files.text('/.dockerenv') !== undefined ||
    files.text('/run/.containerenv') !== undefined ||
    (files.text('/run/systemd/container') ?? '').trim() !== '' ||
    /(?:docker|kubepods|containerd|libpod|\/lxc\/)/.test(files.text('/proc/1/cgroup') ?? '')
  );
}
