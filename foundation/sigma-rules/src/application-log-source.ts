import type { EventLogSource } from './event-log-source.ts';

type TextOf = (field: string) => string | undefined;
type Has = (field: string) => boolean;

/** Azure's own `category` of a diagnostic record to Sigma services. */
const azureServices: ReadonlyMap<string, readonly string[]> = new Map([
  ['auditlogs', ['auditlogs', 'pim']],
  ['signinlogs', ['signinlogs']],
  ['noninteractiveusersigninlogs', ['signinlogs']],
  ['serviceprincipalsigninlogs', ['signinlogs']],
  ['managedidentitysigninlogs', ['signinlogs']],
  ['userriskevents', ['riskdetection']],
  ['riskyusers', ['riskdetection']],
  ['administrative', ['activitylogs']],
  ['policy', ['activitylogs']],
]);

/** Programs of syslog to Sigma services. Their lines are in `auth.log` or `syslog` as well. */
const syslogServices: ReadonlyMap<string, readonly string[]> = new Map([
  ['sshd', ['sshd', 'auth', 'syslog']],
  ['sshd-session', ['sshd', 'auth', 'syslog']],
  ['sudo', ['sudo', 'auth', 'syslog']],
  ['su', ['auth', 'syslog']],
  ['cron', ['cron', 'syslog']],
  ['crond', ['cron', 'syslog']],
  ['crontab', ['cron', 'syslog']],
  ['vsftpd', ['vsftpd', 'syslog']],
  ['clamd', ['clamav', 'syslog']],
  ['freshclam', ['clamav', 'syslog']],
  ['guacd', ['guacamole', 'syslog']],
]);

/** Recognises cloud, application, network and Linux records by fields that only they have. An empty object: unknown. */
export function applicationLogSourceOf(textOf: TextOf, has: Has): EventLogSource {
  return cloudOf(textOf, has) ?? applicationOf(textOf, has) ?? linuxOf(textOf, has) ?? {};
}

function cloudOf(textOf: TextOf, has: Has): EventLogSource | undefined {
  const isAwsSource = textOf('eventSource')?.endsWith('.amazonaws.com') === true;
  if (has('eventName') && (isAwsSource || (has('awsRegion') && has('userIdentity')))) {
    return { product: 'aws', category: [], service: ['cloudtrail'] };
  }
  const googleLog = textOf('logName') ?? textOf('data.logName') ?? '';
  if (has('protoPayload') || has('data.protoPayload') || googleLog.includes('cloudaudit.googleapis.com'))
    return googleOf(textOf);
  const azureService = azureServices.get(textOf('category')?.toLowerCase() ?? '');
  const isAzure =
    textOf('resourceId')?.toLowerCase().startsWith('/subscriptions/') === true ||
    has('tenantId') ||
    has('properties.tenantId');
  if (isAzure && (azureService !== undefined || has('operationName'))) {
    return { product: 'azure', ...(azureService === undefined ? {} : { service: azureService }) };
  }
  return undefined;
}

function googleOf(textOf: TextOf): EventLogSource {
  const service = textOf('protoPayload.serviceName') ?? textOf('data.protoPayload.serviceName');
  if (service === 'admin.googleapis.com') return { product: 'gcp', service: ['google_workspace.admin', 'gcp.audit'] };
  if (service === 'login.googleapis.com') return { product: 'gcp', service: ['google_workspace.login', 'gcp.audit'] };
  return { product: 'gcp', service: ['gcp.audit'] };
}

function applicationOf(textOf: TextOf, has: Has): EventLogSource | undefined {
  if (has('eventType') && has('legacyEventType') && has('debugContext')) return { product: 'okta', service: ['okta'] };
  if (has('Workload') && has('Operation') && has('RecordType')) return { product: 'm365' };
  if (has('action') && has('actor') && (has('_document_id') || has('org_id')) && (has('org') || has('business'))) {
    return { product: 'github', service: ['audit'] };
  }
  if (textOf('apiVersion')?.startsWith('audit.k8s.io/') === true) return { product: 'kubernetes', service: ['audit'] };
  const zeekLog = textOf('_path') ?? textOf('@stream');
  if (zeekLog !== undefined && (has('uid') || has('id.orig_h') || has('ts') || has('fuid'))) {
    return { product: 'zeek', service: [zeekLog.toLowerCase()] };
  }
  return undefined;
}

function linuxOf(textOf: TextOf, has: Has): EventLogSource | undefined {
  const type = textOf('type');
  const isAuditRecord = textOf('msg')?.startsWith('audit(') === true || has('auid') || has('a0') || has('audit_id');
  if (type !== undefined && /^[A-Z][A-Z0-9_]+$/.test(type) && isAuditRecord)
    return { product: 'linux', service: ['auditd'] };
  const program = textOf('SYSLOG_IDENTIFIER') ?? textOf('program') ?? textOf('appname');
  const service = syslogServices.get(program?.toLowerCase() ?? '');
  return service === undefined ? undefined : { product: 'linux', service };
}
