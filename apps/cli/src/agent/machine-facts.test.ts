import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMac, readWindows } from './machine-facts.ts';

test('what the programs of macOS say is read, and what they do not say is unknown', () => {
  assert.deepEqual(
    readMac({
      product: '15.3.1\n',
      disk: 'FileVault is On.\n',
      firewall: 'Firewall is enabled. (State = 1)\n',
      lock: '2026-01-02 sysadminctl[1:2] screenLock delay is immediate\n',
    }),
    { system: 'macOS 15.3.1', disk_encrypted: 'yes', firewall: 'yes', screen_lock: 'yes' },
  );
  assert.deepEqual(
    readMac({
      product: '',
      disk: 'FileVault is Off.\n',
      firewall: 'Firewall is disabled. (State = 0)\n',
      lock: 'screenLock is off\n',
    }),
    { disk_encrypted: 'no', firewall: 'no', screen_lock: 'no' },
  );
  assert.deepEqual(readMac({ product: 'x', disk: 'Decryption in progress', firewall: '', lock: 'ON' }), {
    disk_encrypted: 'unknown',
    firewall: 'unknown',
    screen_lock: 'unknown',
  });
});

test('one profile of Windows without a firewall is a machine without, and one that says nothing makes it unknown', () => {
  const flag = (value: string): string =>
    `\r\nHKEY_LOCAL_MACHINE\\X\r\n    EnableFirewall    REG_DWORD    ${value}\r\n\r\n`;
  const of = (...profiles: string[]) => readWindows({ secureBoot: flag('0x1'), profiles });
  assert.deepEqual(of(flag('0x1'), flag('0x1'), flag('0x1')), { firewall: 'yes', secure_boot: 'yes' });
  assert.equal(of(flag('0x1'), flag('0x0'), '').firewall, 'no');
  assert.equal(of(flag('0x1'), flag('0x1'), '').firewall, 'unknown');
  assert.equal(readWindows({ secureBoot: flag('0x10'), profiles: [''] }).secure_boot, 'unknown');
});
