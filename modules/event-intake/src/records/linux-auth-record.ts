import type { JsonObject } from '@sallyport/contracts';
import { parseLinuxAuth } from '@sallyport/log-formats/linux-auth';
import type { LinuxAuthFact } from '@sallyport/log-formats/linux-auth';
import { present } from './flat-record.ts';
import type { Fields } from './flat-record.ts';

/** Fields of facts by the names Sigma's taxonomy has for them, or by names like them. */
const names: Readonly<Record<string, string>> = {
  user: 'User',
  userId: 'UserId',
  targetUser: 'TargetUser',
  targetGroup: 'TargetGroup',
  command: 'CommandLine',
  directory: 'CurrentDirectory',
  terminal: 'Terminal',
  method: 'AuthMethod',
  knownUser: 'KnownUser',
  address: 'SourceIp',
  port: 'SourcePort',
  remoteUser: 'RemoteUser',
  remoteHost: 'SourceHostname',
  reason: 'Reason',
  service: 'Service',
  attempts: 'Attempts',
  beforeSignIn: 'BeforeSignIn',
  by: 'By',
  byUserId: 'ByUserId',
  group: 'Group',
  groupId: 'GroupId',
  home: 'Home',
  shell: 'Shell',
  session: 'Session',
  ambiguous: 'ambiguous',
};

const results: Readonly<Record<string, 'success' | 'failure'>> = {
  ssh_failed: 'failure',
  ssh_accepted: 'success',
  ssh_invalid_user: 'failure',
  ssh_not_allowed: 'failure',
  ssh_too_many_attempts: 'failure',
  session_opened: 'success',
  pam_failure: 'failure',
  pam_unknown_user: 'failure',
  sudo_command: 'success',
  sudo_refused: 'failure',
  seat_session_new: 'success',
};

/** What a message of an authentication program says, flat; undefined when it says nothing known. */
export function linuxAuthFields(program: string, message: string): JsonObject | undefined {
  const parsed = parseLinuxAuth(program, message);
  if (!parsed.ok) return undefined;
  const { fact, times } = parsed.value;
  return present({
    event: fact.kind,
    ...told(fact),
    Result: 'succeeded' in fact ? (fact.succeeded ? 'success' : 'failure') : results[fact.kind],
    times: times > 1 ? times : undefined,
  });
}

function told(fact: LinuxAuthFact): Fields {
  const { kind: _kind, ...said } = fact;
  const request = 'request' in fact ? fact.request : {};
  const peer = 'peer' in fact ? fact.peer : {};
  const key =
    'key' in fact && fact.key !== undefined
      ? { KeyType: fact.key.type, KeyFingerprint: fact.key.fingerprint, KeyCertificate: fact.key.certificate }
      : {};
  const fields = Object.entries({ ...said, ...request, ...peer }).flatMap(([name, value]) => {
    const known = Object.hasOwn(names, name) ? names[name] : undefined;
    return known === undefined || typeof value === 'object' ? [] : [[known, value] as const];
  });
  return { ...Object.fromEntries(fields), ...key };
}
