// Accounts and sessions: the shadow tools, login, systemd-logind.
import { endOfToken, wholeNumber } from '../text/characters.ts';
import type { LinuxAuthFact } from './fact.ts';

export function readShadowTool(message: string): LinuxAuthFact | undefined {
  if (message.startsWith('new user: ')) return readNewUser(message);
  if (message.startsWith('new group: ')) {
    const group = field(message, 'name');
    return group === undefined
      ? undefined
      : { kind: 'group_added', group, groupId: wholeNumber(field(message, 'GID') ?? '') };
  }
  const deleted = between(message, "delete user '", "'");
  if (deleted !== undefined) return { kind: 'user_deleted', user: deleted };
  const added = between(message, "add '", "' to group '");
  if (added !== undefined) {
    const group = message.slice("add '".length + added.length + "' to group '".length);
    return { kind: 'group_member_added', user: added, group: group.endsWith("'") ? group.slice(0, -1) : group };
  }
  const member = between(message, 'user ', ' added by ');
  const toGroup = message.lastIndexOf(' to group ');
  if (member !== undefined && toGroup > 0)
    return { kind: 'group_member_added', user: member, group: message.slice(toGroup + 10) };
  const changed = between(message, "password for '", "' changed by '");
  if (changed !== undefined) {
    const by = message.slice("password for '".length + changed.length + "' changed by '".length);
    return { kind: 'password_changed', user: changed, by: by.endsWith("'") ? by.slice(0, -1) : by };
  }
  return undefined;
}

/** `new user: name=x, UID=1001, GID=1001, home=/home/x, shell=/bin/sh, from=/dev/pts/0` */
function readNewUser(message: string): LinuxAuthFact | undefined {
  const user = field(message, 'name');
  if (user === undefined) return undefined;
  return {
    kind: 'user_added',
    user,
    userId: wholeNumber(field(message, 'UID') ?? ''),
    groupId: wholeNumber(field(message, 'GID') ?? ''),
    home: field(message, 'home'),
    shell: field(message, 'shell'),
  };
}

function field(message: string, name: string): string | undefined {
  const at = message.indexOf(` ${name}=`);
  if (at === -1) return undefined;
  const from = at + name.length + 2;
  const end = message.indexOf(', ', from);
  return message.slice(from, end === -1 ? message.length : end);
}

function between(message: string, start: string, end: string): string | undefined {
  if (!message.startsWith(start)) return undefined;
  const at = message.indexOf(end, start.length);
  return at === -1 ? undefined : message.slice(start.length, at);
}

/** `LOGIN ON tty1 BY root`, `ROOT LOGIN ON tty1`, `FAILED LOGIN (1) on '/dev/tty1' FOR 'root', …` */
export function readLogin(message: string): LinuxAuthFact | undefined {
  for (const start of ['LOGIN ON ', 'DIALUP AT ', 'ROOT LOGIN ON ', 'ROOT LOGIN  on ']) {
    if (!message.startsWith(start)) continue;
    const end = endOfToken(message, start.length);
    const terminal = message.slice(start.length, end).replaceAll("'", '');
    const from = message.lastIndexOf(' FROM ');
    const remoteHost = from === -1 ? undefined : message.slice(from + 6);
    const by = message.slice(end, from === -1 ? message.length : from);
    const user = start.startsWith('ROOT') ? 'root' : by.startsWith(' BY ') ? by.slice(4) : undefined;
    return user === undefined ? undefined : { kind: 'login', user, terminal, succeeded: true, remoteHost };
  }
  if (!message.startsWith('FAILED LOGIN ')) return undefined;
  const on = message.indexOf(" on '");
  const user = message.indexOf("' FOR '", on);
  const last = message.lastIndexOf("', ");
  if (on === -1 || user === -1 || last <= user) return undefined;
  const [terminal = '', remoteHost] = message.slice(on + 5, user).split("' from '", 2);
  return { kind: 'login', user: message.slice(user + 7, last), terminal, succeeded: false, remoteHost };
}

/** `New session 5 of user root.` (newer: `… with class 'user' and type 'tty'.`), `Removed session 5.` */
export function readLogind(message: string): LinuxAuthFact | undefined {
  const opened = between(message, 'New session ', ' of user ') ?? between(message, "New session '", "' of user '");
  if (opened !== undefined) {
    const rest = message.slice(message.indexOf(' of user ') + 9);
    const [user = ''] = rest.replaceAll("'", '').split(' with class ', 1);
    return {
      kind: 'seat_session_new',
      session: opened.replaceAll("'", ''),
      user: user.endsWith('.') ? user.slice(0, -1) : user,
    };
  }
  const removed = between(message, 'Removed session ', '.');
  return removed === undefined ? undefined : { kind: 'seat_session_removed', session: removed };
}
