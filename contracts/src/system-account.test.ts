import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSystemAccount } from './system-account.ts';

test('the system’s own accounts are nobody, in any case and with any domain before them', () => {
  for (const name of ['SYSTEM', 'NT AUTHORITY\\SYSTEM', 'NT-AUTORITÄT\\SYSTEM', 'nt authority\\network service'])
    assert.ok(isSystemAccount(name), name);
  for (const name of ['AUTORITE NT\\Système', 'Local Service', 'DWM-3', 'Window Manager\\DWM-12', 'UMFD-0', 'S-1-5-18'])
    assert.ok(isSystemAccount(name), name);
});

test('people, machines and services are somebody, also where they are called nearly so', () => {
  for (const name of ['system1', 'SYSTEM$', 'PC01$', 'CONTOSO\\systemadmin', 'root', 'svc-backup', 'dwm-x', '', '\\'])
    assert.equal(isSystemAccount(name), false, name);
});
