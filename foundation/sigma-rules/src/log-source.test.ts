import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from './json.ts';
import { logSourceOf, matchesLogSource } from './log-source.ts';

const sysmon = 'Microsoft-Windows-Sysmon/Operational';

function routed(record: JsonObject, rule: { category?: string; product?: string; service?: string }): boolean {
  return matchesLogSource(
    { category: rule.category, product: rule.product, service: rule.service },
    logSourceOf(record),
  );
}

test('Sysmon events have the categories of the taxonomy, also through the provider alone', () => {
  const cases: readonly (readonly [number, string])[] = [
    [1, 'process_creation'],
    [2, 'file_change'],
    [3, 'network_connection'],
    [5, 'process_termination'],
    [6, 'driver_load'],
    [7, 'image_load'],
    [8, 'create_remote_thread'],
    [9, 'raw_access_thread'],
    [10, 'process_access'],
    [11, 'file_event'],
    [12, 'registry_event'],
    [12, 'registry_add'],
    [12, 'registry_delete'],
    [13, 'registry_event'],
    [13, 'registry_set'],
    [14, 'registry_rename'],
    [15, 'create_stream_hash'],
    [17, 'pipe_created'],
    [18, 'pipe_created'],
    [19, 'wmi_event'],
    [20, 'wmi_event'],
    [21, 'wmi_event'],
    [22, 'dns_query'],
    [23, 'file_delete'],
    [24, 'clipboard_capture'],
    [25, 'process_tampering'],
    [26, 'file_delete'],
    [29, 'file_executable_detected'],
    [255, 'sysmon_error'],
  ];
  for (const [id, category] of cases) {
    assert.equal(routed({ Channel: sysmon, EventID: id }, { product: 'windows', category }), true, `${id} ${category}`);
    assert.equal(
      routed(
        { Channel: 'ForwardedEvents', EventID: id, SourceName: 'Microsoft-Windows-Sysmon' },
        { category, service: 'sysmon' },
      ),
      true,
    );
    assert.equal(routed({ Channel: sysmon, EventID: id }, { category: 'webserver' }), false);
    assert.equal(routed({ Channel: sysmon, EventID: id }, { product: 'linux' }), false);
  }
  assert.equal(routed({ Channel: sysmon, EventID: 13 }, { category: 'registry_add' }), false);
  assert.equal(routed({ Channel: sysmon, EventID: 1 }, { product: 'windows', service: 'security' }), false);
});

test('Windows channels have their services and categories', () => {
  assert.equal(
    routed({ Channel: 'Security', EventID: 4688 }, { category: 'process_creation', product: 'windows' }),
    true,
  );
  assert.equal(
    routed({ Channel: 'Security', EventID: 4624 }, { category: 'process_creation', product: 'windows' }),
    false,
  );
  assert.equal(routed({ Channel: 'security', EventID: 4624 }, { service: 'security' }), true);
  assert.equal(
    routed({ Channel: 'Microsoft-Windows-PowerShell/Operational', EventID: 4103 }, { category: 'ps_module' }),
    true,
  );
  assert.equal(routed({ Channel: 'PowerShellCore/Operational', EventID: 4104 }, { category: 'ps_script' }), true);
  assert.equal(routed({ Channel: 'Windows PowerShell', EventID: 400 }, { category: 'ps_classic_start' }), true);
  assert.equal(
    routed({ Channel: 'Windows PowerShell', EventID: 600 }, { category: 'ps_classic_provider_start' }),
    true,
  );
  assert.equal(routed({ Channel: 'Windows PowerShell', EventID: 400 }, { service: 'powershell-classic' }), true);
  assert.equal(routed({ Channel: 'Windows PowerShell', EventID: 400 }, { service: 'powershell' }), false);
  assert.equal(
    routed({ Channel: 'Microsoft-Windows-Windows Defender/Operational', EventID: 1116 }, { service: 'windefend' }),
    true,
  );
  assert.equal(
    routed({ Channel: 'Application', EventID: 1 }, { category: 'antivirus' }),
    true,
    'an antivirus may write to Application',
  );
  assert.equal(
    routed({ Channel: 'Microsoft-ServiceBus-Client/Admin', EventID: 1 }, { service: 'microsoft-servicebus-client' }),
    true,
  );
});

test('a channel nobody listed belongs to no listed service, but may belong to an unknown one', () => {
  const record = { Channel: 'Contoso-Agent/Operational', EventID: 4720 };
  assert.equal(routed(record, { product: 'windows', service: 'security' }), false);
  assert.equal(routed(record, { product: 'windows', service: 'contoso-agent' }), true);
  assert.equal(routed(record, { product: 'windows' }), true);
});

test('other records are recognised by fields only they have', () => {
  assert.deepEqual(logSourceOf({ eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' }), {
    product: 'aws',
    category: [],
    service: ['cloudtrail'],
  });
  assert.deepEqual(logSourceOf({ protoPayload: { serviceName: 'admin.googleapis.com' } }).service, [
    'google_workspace.admin',
    'gcp.audit',
  ]);
  assert.equal(
    logSourceOf({ category: 'SignInLogs', tenantId: 'x', operationName: 'Sign-in activity' }).product,
    'azure',
  );
  assert.equal(logSourceOf({ Workload: 'Exchange', Operation: 'New-InboxRule', RecordType: 1 }).product, 'm365');
  assert.equal(
    logSourceOf({ eventType: 'user.session.start', legacyEventType: 'x', debugContext: { debugData: {} } }).product,
    'okta',
  );
  assert.equal(logSourceOf({ action: 'repo.create', actor: 'kim', org: 'x', _document_id: 'y' }).product, 'github');
  assert.equal(logSourceOf({ apiVersion: 'audit.k8s.io/v1', kind: 'Event' }).product, 'kubernetes');
  assert.deepEqual(logSourceOf({ _path: 'dns', uid: 'C1', query: 'x' }), { product: 'zeek', service: ['dns'] });
  assert.deepEqual(logSourceOf({ type: 'EXECVE', a0: 'sh', argc: 1 }), { product: 'linux', service: ['auditd'] });
  assert.deepEqual(logSourceOf({ program: 'sshd', message: 'x' }).service, ['sshd', 'auth', 'syslog']);
  assert.deepEqual(logSourceOf({ Channel: 'Linux-Sysmon/Operational', EventID: 1 }), {
    product: 'linux',
    category: ['process_creation'],
    service: ['sysmon'],
  });
});

test('what cannot be told contradicts nothing', () => {
  assert.deepEqual(logSourceOf({ Image: 'x', CommandLine: 'y' }), {});
  assert.deepEqual(logSourceOf({ Channel: null, EventID: null }), {});
  assert.equal(
    routed({ CommandLine: 'y' }, { product: 'windows', category: 'process_creation', service: 'sysmon' }),
    true,
  );
});
