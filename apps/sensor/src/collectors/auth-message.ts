import type { JsonValue } from '@sallyport/contracts';
import { parseLinuxAuth } from '@sallyport/log-formats/linux-auth';
import type { LinuxAuthFact, Peer, SudoRequest } from '@sallyport/log-formats/linux-auth';
import { present } from '../record.ts';
import type { RecordKind, SensorRecord } from '../record.ts';

/** One message of a program that has to do with signing in. */
export type AuthMessage = {
  readonly collector: string;
  readonly timeMs: number;
  readonly program: string;
  /** The name it gave itself when that was not its own: nothing it says is believed then. */
  readonly claimedProgram?: string | undefined;
  readonly message: string;
  readonly processId: string | undefined;
};

type Told = Readonly<Record<string, JsonValue | undefined>>;

/** The message with what it says. One that says nothing known is told as it is: rules look for words in it. */
export function authRecord({
  collector,
  timeMs,
  program,
  claimedProgram,
  message,
  processId,
}: AuthMessage): SensorRecord {
  const parsed = parseLinuxAuth(program, message);
  const fact = parsed.ok && claimedProgram === undefined ? parsed.value.fact : undefined;
  const times = parsed.ok && parsed.value.times > 1 ? parsed.value.times : undefined;
  return {
    kind: fact === undefined ? 'sign_in' : kindOf(fact),
    collector,
    lossy: false,
    timeMs,
    event: fact?.kind ?? (claimedProgram === undefined ? 'auth_message' : 'claimed_message'),
    fields: present({
      program,
      ClaimedProgram: claimedProgram,
      message,
      ProcessId: processId !== undefined && /^\d{1,9}$/.test(processId) ? Number(processId) : undefined,
      times,
      ...(fact === undefined ? {} : tellFact(fact)),
    }),
  };
}

function kindOf(fact: LinuxAuthFact): RecordKind {
  switch (fact.kind) {
    case 'user_added':
    case 'user_deleted':
    case 'group_added':
    case 'group_member_added':
    case 'password_changed':
    case 'account_locked':
      return 'account';
    default:
      return 'sign_in';
  }
}

function peerOf(peer: Peer): Told {
  return { SourceIp: peer.address, SourcePort: peer.port };
}

function requestOf(request: SudoRequest): Told {
  return {
    Terminal: request.terminal,
    CurrentDirectory: request.directory,
    TargetUser: request.targetUser,
    TargetGroup: request.targetGroup,
    CommandLine: request.command,
  };
}

/** Names as Sigma's taxonomy has them where it does. `Result`: `success`, `failure`, or nothing where none was decided. */
function tellFact(fact: LinuxAuthFact): Told {
  switch (fact.kind) {
    case 'ssh_failed':
      return {
        User: fact.user,
        Result: 'failure',
        AuthMethod: fact.method,
        KnownUser: fact.knownUser,
        ambiguous: fact.ambiguous,
        ...peerOf(fact.peer),
      };
    case 'ssh_accepted':
      return {
        User: fact.user,
        Result: 'success',
        AuthMethod: fact.method,
        KeyType: fact.key?.type,
        KeyFingerprint: fact.key?.fingerprint,
        KeyCertificate: fact.key?.certificate,
        ambiguous: fact.ambiguous,
        ...peerOf(fact.peer),
      };
    case 'ssh_invalid_user':
      return { User: fact.user, Result: 'failure', KnownUser: false, ambiguous: fact.ambiguous, ...peerOf(fact.peer) };
    case 'ssh_not_allowed':
      return { User: fact.user, Result: 'failure', SourceIp: fact.address, Reason: fact.reason };
    case 'ssh_too_many_attempts':
      return { User: fact.user, Result: 'failure', KnownUser: fact.knownUser, ...peerOf(fact.peer) };
    case 'ssh_disconnected':
      return {
        User: fact.user,
        KnownUser: fact.knownUser,
        BeforeSignIn: fact.beforeSignIn,
        By: fact.by,
        ...peerOf(fact.peer),
      };
    case 'ssh_connection':
    case 'ssh_bad_banner':
      return peerOf(fact.peer);
    case 'ssh_listening':
      return { SourceIp: fact.address, SourcePort: fact.port };
    case 'session_opened':
      return {
        User: fact.user,
        UserId: fact.userId,
        Service: fact.service,
        By: fact.by,
        ByUserId: fact.byUserId,
        Result: 'success',
      };
    case 'session_closed':
      return { User: fact.user, Service: fact.service };
    case 'pam_failure':
      return {
        User: fact.user,
        Service: fact.service,
        RemoteUser: fact.remoteUser,
        SourceHostname: fact.remoteHost,
        Terminal: fact.terminal,
        Attempts: fact.attempts,
        Result: 'failure',
      };
    case 'pam_unknown_user':
      return { Service: fact.service, Result: 'failure' };
    case 'account_locked':
      return { User: fact.user, Service: fact.service };
    case 'password_changed':
      return { User: fact.user, By: fact.by };
    case 'sudo_command':
      return { User: fact.user, Result: 'success', ambiguous: fact.ambiguous, ...requestOf(fact.request) };
    case 'sudo_refused':
      return {
        User: fact.user,
        Result: 'failure',
        Reason: fact.reason,
        Attempts: fact.attempts,
        ambiguous: fact.ambiguous,
        ...requestOf(fact.request),
      };
    case 'su':
      return {
        User: fact.user,
        TargetUser: fact.targetUser,
        Terminal: fact.terminal,
        Result: fact.succeeded ? 'success' : 'failure',
      };
    case 'user_added':
      return { User: fact.user, UserId: fact.userId, GroupId: fact.groupId, Home: fact.home, Shell: fact.shell };
    case 'user_deleted':
      return { User: fact.user };
    case 'group_added':
      return { Group: fact.group, GroupId: fact.groupId };
    case 'group_member_added':
      return { User: fact.user, Group: fact.group };
    case 'login':
      return {
        User: fact.user,
        Terminal: fact.terminal,
        SourceHostname: fact.remoteHost,
        Result: fact.succeeded ? 'success' : 'failure',
      };
    case 'seat_session_new':
      return { User: fact.user, Session: fact.session, Result: 'success' };
    case 'seat_session_removed':
      return { Session: fact.session };
    default:
      return {};
  }
}
