// Messages of Linux-PAM modules: `pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)`.
import { wholeNumber } from '../text/characters.ts';
import type { LinuxAuthFact } from './fact.ts';

/** The fact of a message that names its PAM module, or of sshd's own summary of PAM failures. */
export function readPam(message: string): LinuxAuthFact | undefined {
  const summary = / more authentication failures?; /.exec(message.slice(0, 60));
  if (message.startsWith('PAM ') && summary !== null) {
    const attempts = wholeNumber(message.slice(4, summary.index));
    return attempts === undefined
      ? undefined
      : failure('sshd', message.slice(summary.index + summary[0].length), attempts);
  }
  if (!message.startsWith('pam_')) return undefined;
  const open = message.indexOf('(');
  const close = message.indexOf('): ', open);
  if (open < 4 || open > 40 || close < 0 || close > open + 100) return undefined;
  const [service = ''] = message.slice(open + 1, close).split(':', 1);
  return readModuleText(service, message.slice(close + 3));
}

function readModuleText(service: string, text: string): LinuxAuthFact | undefined {
  const opened = 'session opened for user ';
  if (text.startsWith(opened)) return readOpened(service, text.slice(opened.length));
  const closed = 'session closed for user ';
  if (text.startsWith(closed)) return { kind: 'session_closed', service, user: text.slice(closed.length) };
  const failed = 'authentication failure; ';
  if (text.startsWith(failed)) return failure(service, text.slice(failed.length), 1);
  if (text === 'check pass; user unknown') return { kind: 'pam_unknown_user', service };
  const changed = 'password changed for ';
  if (text.startsWith(changed)) return { kind: 'password_changed', user: text.slice(changed.length), by: undefined };
  const locked = 'Consecutive login failures for user ';
  const end = text.lastIndexOf(' account temporarily locked');
  if (text.startsWith(locked) && end >= locked.length)
    return { kind: 'account_locked', service, user: text.slice(locked.length, end) };
  return undefined;
}

/** `root(uid=0) by alice(uid=1000)`; `by (uid=0)` and the older form without the first uid too. */
function readOpened(service: string, text: string): LinuxAuthFact {
  const at = text.lastIndexOf(' by ');
  const user = withId(at === -1 ? text : text.slice(0, at));
  const by = at === -1 ? undefined : withId(text.slice(at + 4));
  return {
    kind: 'session_opened',
    service,
    user: user.name,
    userId: user.id,
    by: by?.name === '' ? undefined : by?.name,
    byUserId: by?.id,
  };
}

function withId(text: string): { readonly name: string; readonly id: number | undefined } {
  const at = text.endsWith(')') ? text.lastIndexOf('(uid=') : -1;
  const id = at === -1 ? undefined : wholeNumber(text.slice(at + 5, -1));
  return id === undefined ? { name: text, id: undefined } : { name: text.slice(0, at), id };
}

/** `logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`: user is last and may hold spaces. */
function failure(service: string, text: string, attempts: number): LinuxAuthFact {
  // The user comes after the host, whose value holds no space: what a user name imitates stands behind the first.
  const userAt = text.indexOf(' user=');
  const head = userAt === -1 ? text : text.slice(0, userAt);
  const valueOf = (name: string): string | undefined => {
    const at = head.startsWith(`${name}=`) ? 0 : head.indexOf(` ${name}=`) + 1;
    if (at === 0 && !head.startsWith(`${name}=`)) return undefined;
    const [value = ''] = head.slice(at + name.length + 1).split(' ', 1);
    return value === '' ? undefined : value;
  };
  const user = userAt === -1 ? undefined : text.slice(userAt + 6).trimEnd();
  return {
    kind: 'pam_failure',
    service,
    user: user === '' ? undefined : user,
    remoteUser: valueOf('ruser'),
    remoteHost: valueOf('rhost'),
    terminal: valueOf('tty'),
    attempts,
  };
}
