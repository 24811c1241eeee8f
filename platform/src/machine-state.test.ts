import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linuxState, type MachineFiles } from './machine-state.ts';

function machine(files: Readonly<Record<string, string>>): MachineFiles {
  return {
    text: (path) => files[path],
    list: (folder) => [
      ...new Set(
        Object.keys(files).flatMap((path) =>
          path.startsWith(`${folder}/`) ? (path.slice(folder.length + 1).split('/')[0] ?? []) : [],
        ),
      ),
    ],
  };
}

const mount = (device: string, place: string, kind: string, source: string): string =>
  `30 1 ${device} / ${place} rw,relatime shared:1 - ${kind} ${source} rw\n`;
/** A volume of LVM on LUKS on a partition, as installers of most distributions make it. */
const luks = {
  '/sys/dev/block/254:1/size': '1000',
  '/sys/dev/block/254:1/dm/uuid': 'LVM-abc',
  '/sys/dev/block/254:1/slaves/dm-0': '',
  '/sys/class/block/dm-0/size': '1000',
  '/sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-0123-sda3_crypt',
  '/sys/class/block/dm-0/dm/name': 'sda3_crypt',
};
const clear = { '/sys/dev/block/8:2/size': '1000' };

test('a disk is encrypted where each file system of it is; what starts the machine and images aside', () => {
  const root = mount('254:1', '/', 'ext4', '/dev/mapper/vg-root');
  const of = (mounts: string, more: Readonly<Record<string, string>> = {}): string =>
    linuxState(machine({ ...luks, ...clear, ...more, '/proc/self/mountinfo': mounts })).diskEncrypted;
  assert.equal(of(root), 'yes');
  assert.equal(
    of(
      [
        root,
        mount('8:2', '/boot', 'ext4', '/dev/sda2'),
        mount('7:1', '/snap/core/1', 'squashfs', '/dev/loop1'),
        mount('0:5', '/proc', 'proc', 'proc'),
      ].join(''),
    ),
    'yes',
  );
  assert.equal(of(`${root}${mount('8:2', '/home', 'ext4', '/dev/sda2')}`), 'no', 'one in clear is enough');
  // btrfs has a number of its own: its device is found by name, also without /dev.
  assert.equal(of(mount('0:30', '/', 'btrfs', '/dev/mapper/sda3_crypt')), 'yes');
  assert.equal(of(mount('0:30', '/', 'btrfs', '/dev/mapper/other')), 'unknown');
  assert.equal(of(mount('0:40', '/', 'overlay', 'overlay')), 'unknown', 'a container sees no disk');
  assert.equal(of(`${root}${mount('259:9', '/data', 'ext4', '/dev/nvme9n1')}`), 'unknown', 'the kernel tells nothing');
  assert.equal(of(''), 'unknown');
});

test('what the list of mounts does not show is not encrypted: cut, of another system, only checked, on a second disk', () => {
  const root = mount('254:1', '/', 'ext4', '/dev/mapper/vg-root');
  const of = (mounts: string, more: Readonly<Record<string, string>> = {}): string =>
    linuxState(machine({ ...luks, ...clear, ...more, '/proc/self/mountinfo': mounts })).diskEncrypted;
  const layers = (count: number): string =>
    Array.from({ length: count }, (_, at) => mount(`0:${at}`, `/var/lib/docker/${at}`, 'overlay', 'overlay')).join('');
  assert.equal(of(`${root}${layers(300)}`), 'yes');
  assert.equal(of(`${root}${layers(300)}${mount('8:2', '/data', 'ext4', '/dev/sda2')}`), 'no');
  assert.equal(of(`${root}${layers(4000)}`), 'unknown', 'nobody reads the rest');
  const long = mount('0:50', `/${'a'.repeat(3_000_000)}`, 'overlay', 'overlay');
  assert.equal(of(`${root}${long}`), 'unknown', 'what reads files stops somewhere');
  const home = mount('254:1', '/home', 'ext4', '/dev/mapper/vg-root');
  for (const [kind, source] of [
    ['zfs', 'rpool/ROOT'],
    ['overlay', 'overlay'],
    ['nfs4', 'nas:/root'],
    ['bcachefs', 'UUID=1'],
    ['fuse.zfs', 'pool'],
  ] as const)
    assert.equal(of(`${mount('0:25', '/', kind, source)}${home}`), 'unknown', kind);
  const usual = [
    mount('0:5', '/proc', 'proc', 'proc'),
    mount('0:6', '/tmp', 'tmpfs', 'tmpfs'),
    mount('0:7', '/run/user/1000/doc', 'fuse.portal', 'portal'),
    mount('0:8', '/tmp/.mount_x', 'fuse.Editor.AppImage', 'Editor.AppImage'),
  ];
  assert.equal(of(`${root}${usual.join('')}`), 'yes');
  for (const [uuid, said] of [
    ['CRYPT-INTEGRITY-data', 'no'],
    ['CRYPT-VERITY-abc-root', 'no'],
    ['CRYPT-SUBDEV-x', 'no'],
    ['CRYPT-BITLK-x', 'unknown'],
    ['CRYPT-PLAIN-x', 'yes'],
    ['CRYPT-LUKS1-x', 'yes'],
  ] as const)
    assert.equal(
      of(mount('254:1', '/', 'ext4', '/dev/mapper/x'), {
        '/sys/dev/block/254:1/dm/uuid': uuid,
        '/sys/dev/block/254:1/slaves/dm-0': '',
        '/sys/class/block/dm-0/dm/uuid': 'LVM-x',
      }),
      said,
      uuid,
    );
  const pool = mount('0:30', '/', 'btrfs', '/dev/mapper/sda3_crypt');
  assert.equal(of(pool, { '/sys/fs/btrfs/1/devices/dm-0/size': '' }), 'yes');
  const second = { '/sys/fs/btrfs/1/devices/dm-0/size': '', '/sys/fs/btrfs/1/devices/sdb1/size': '' };
  assert.equal(of(pool, { ...second, '/sys/class/block/sdb1/size': '9' }), 'no');
});

test('firewall, secure boot and containers are said where a file says so, and unknown elsewhere', () => {
  const of = (files: Readonly<Record<string, string>>) => linuxState(machine(files));
  assert.deepEqual(of({}), {
    diskEncrypted: 'unknown',
    firewall: 'unknown',
    secureBoot: 'unknown',
    isContainer: false,
  });
  assert.equal(of({ '/etc/ufw/ufw.conf': '# x\nENABLED=yes\n' }).firewall, 'yes');
  assert.equal(of({ '/etc/ufw/ufw.conf': 'ENABLED=no\n' }).firewall, 'no');
  assert.equal(
    of({ '/etc/ufw/ufw.conf': 'ENABLED=no\n', '/etc/systemd/system/sysinit.target.wants/nftables.service': '' })
      .firewall,
    'yes',
  );
  const boot = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
  assert.equal(of({ [boot]: '\u0006\0\0\0\u0001' }).secureBoot, 'yes');
  assert.equal(of({ [boot]: '\u0006\0\0\0\0' }).secureBoot, 'no');
  assert.equal(of({ '/.dockerenv': '' }).isContainer, true);
  assert.equal(of({ '/proc/1/cgroup': '0::/init.scope\n' }).isContainer, false);
  const said = of({
    '/etc/os-release': 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 12"\n',
    '/proc/sys/kernel/osrelease': '6.1\n',
  });
  assert.deepEqual([said.system, said.kernel], ['Debian GNU/Linux 12', '6.1']);
});

test('whatever stands in the files, nothing becomes good of it', () => {
  const path = fc.constantFrom('/proc/self/mountinfo', '/etc/os-release', '/etc/ufw/ufw.conf', '/proc/1/cgroup');
  fc.assert(
    fc.property(fc.dictionary(path, fc.string({ maxLength: 300 })), (files) => {
      assert.notEqual(linuxState(machine(files)).diskEncrypted, 'yes');
    }),
  );
});
