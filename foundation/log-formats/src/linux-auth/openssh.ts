// Messages of OpenSSH's sshd (auth.c, auth2.c, packet.c, sshd.c), versions 6 to 10.
import { endOfToken } from '../text/characters.ts';
import type { LinuxAuthFact, SshKey } from './fact.ts';
import { readFromPeer, readPeer } from './ssh-peer.ts';

const preauth = ' [preauth]';
const invalidUser = 'invalid user ';

/** The fact of a message of sshd, or undefined. */
export function readOpenssh(message: string): LinuxAuthFact | undefined {
  const text = message.endsWith(preauth) ? message.slice(0, -preauth.length) : message;
  const beforeSignIn = text.length !== message.length;
  switch (text.charCodeAt(0)) {
    case 65: // A
      return readAccepted(text);
    case 70: // F
      return readFailed(text);
    case 73: // I
      return readInvalidUser(text);
    case 85: // U
      return readNotAllowed(text);
    case 67: // C
      return readConnection(text, beforeSignIn);
    case 68: // D
      return readDisconnected(text, beforeSignIn);
    case 82: // R
      return readReceivedDisconnect(text, beforeSignIn);
    case 83: // S
      return readListening(text);
    default:
      return readError(text);
  }
}

function readAccepted(text: string): LinuxAuthFact | undefined {
  if (!text.startsWith('Accepted ')) return undefined;
  const methodEnd = endOfToken(text, 9);
  if (!text.startsWith(' for ', methodEnd)) return undefined;
  // Whoever is let in exists, so the name is the system's; the certificate's id behind it is not.
  const from = readFromPeer(text, methodEnd + 5, { pick: 'first', accepts: (end) => text.startsWith(' ssh', end) });
  if (from === undefined) return undefined;
  const { before: user, peer, end, ambiguous } = from;
  return { kind: 'ssh_accepted', method: text.slice(9, methodEnd), user, peer, key: readKey(text, end), ambiguous };
}

/** ` ssh2: ED25519 SHA256:…`, with `ID name (serial 0) CA …` after it for certificates. */
function readKey(text: string, at: number): SshKey | undefined {
  const colon = text.indexOf(': ', at);
  if (colon === -1 || colon > at + 6) return undefined;
  const typeEnd = endOfToken(text, colon + 2);
  const fingerprintEnd = endOfToken(text, typeEnd + 1);
  if (typeEnd + 1 >= fingerprintEnd) return undefined;
  const certificate = text.startsWith(' ID ', fingerprintEnd) ? text.slice(fingerprintEnd + 4) : undefined;
  return { type: text.slice(colon + 2, typeEnd), fingerprint: text.slice(typeEnd + 1, fingerprintEnd), certificate };
}

function readFailed(text: string): LinuxAuthFact | undefined {
  if (!text.startsWith('Failed ')) return undefined;
  const methodEnd = endOfToken(text, 7);
  if (!text.startsWith(' for ', methodEnd)) return undefined;
  const method = text.slice(7, methodEnd);
  const isUnknown = text.startsWith(invalidUser, methodEnd + 5);
  const userAt = methodEnd + 5 + (isUnknown ? invalidUser.length : 0);
  // A password leaves nothing after the peer; a key is described there, by words of the key's owner.
  const isKey = method === 'publickey' || method === 'hostbased';
  const accepts = (end: number): boolean =>
    text.startsWith(' ssh', end) && (isKey || endOfToken(text, end + 1) === text.length);
  const from = readFromPeer(text, userAt, { pick: isKey ? 'first' : 'last', accepts });
  if (from === undefined) return undefined;
  const forged = !isKey && text.slice(userAt, text.length - 1).includes(' ssh2 from ');
  return {
    kind: 'ssh_failed',
    method,
    user: from.before,
    knownUser: !isUnknown,
    peer: from.peer,
    ambiguous: from.ambiguous || forged,
  };
}

function readInvalidUser(text: string): LinuxAuthFact | undefined {
  if (!text.startsWith('Invalid user ')) return undefined;
  const from = readFromPeer(text, 13, { pick: 'last', accepts: (end) => end === text.length });
  if (from !== undefined)
    return { kind: 'ssh_invalid_user', user: from.before, peer: from.peer, ambiguous: from.before.includes(' from ') };
  // Before OpenSSH 7.2 the port was not written.
  const at = text.lastIndexOf(' from ');
  if (at < 13 || endOfToken(text, at + 6) !== text.length) return undefined;
  const user = text.slice(13, at);
  return {
    kind: 'ssh_invalid_user',
    user,
    peer: { address: text.slice(at + 6), port: undefined },
    ambiguous: user.includes(' from '),
  };
}

function readNotAllowed(text: string): LinuxAuthFact | undefined {
  const marker = ' not allowed because ';
  const at = text.startsWith('User ') ? text.lastIndexOf(marker) : -1;
  const from = at === -1 ? -1 : text.lastIndexOf(' from ', at);
  if (from < 5) return undefined;
  return {
    kind: 'ssh_not_allowed',
    user: text.slice(5, from),
    address: text.slice(from + 6, at),
    reason: text.slice(at + marker.length),
  };
}

function readConnection(text: string, beforeSignIn: boolean): LinuxAuthFact | undefined {
  const opened = 'Connection from ';
  if (text.startsWith(opened)) {
    const read = readPeer(text, opened.length);
    return read === undefined ? undefined : { kind: 'ssh_connection', peer: read.peer };
  }
  for (const start of ['Connection closed by ', 'Connection reset by ']) {
    if (text.startsWith(start)) return readDeparture(text, start.length, { beforeSignIn, by: 'peer' });
  }
  return undefined;
}

function readDisconnected(text: string, beforeSignIn: boolean): LinuxAuthFact | undefined {
  if (text.startsWith('Did not receive identification string from ')) {
    const read = readPeer(text, 43);
    return read === undefined ? undefined : { kind: 'ssh_bad_banner', peer: read.peer };
  }
  if (text.startsWith('Disconnected from ')) return readDeparture(text, 18, { beforeSignIn, by: 'peer' });
  if (text.startsWith('Disconnecting ')) return readDeparture(text, 14, { beforeSignIn, by: 'server' });
  return undefined;
}

/** `[authenticating user |invalid user |user ]NAME ADDRESS port N[: reason]`, or the peer alone. The last peer counts. */
function readDeparture(
  text: string,
  at: number,
  how: { readonly beforeSignIn: boolean; readonly by: 'peer' | 'server' },
): LinuxAuthFact | undefined {
  const alone = readPeer(text, at);
  if (alone !== undefined)
    return { kind: 'ssh_disconnected', user: undefined, knownUser: false, peer: alone.peer, ...how };
  const word = ['authenticating user ', 'invalid user ', 'user '].find((start) => text.startsWith(start, at));
  if (word === undefined) return undefined;
  const userAt = at + word.length;
  const port = text.lastIndexOf(' port ');
  const space = port < 0 ? -1 : text.lastIndexOf(' ', port - 1);
  if (space <= userAt - 1) return undefined;
  const read = readPeer(text, space + 1);
  if (read === undefined) return undefined;
  return {
    kind: 'ssh_disconnected',
    user: text.slice(userAt, space),
    knownUser: word !== 'invalid user ',
    peer: read.peer,
    ...how,
  };
}

function readReceivedDisconnect(text: string, beforeSignIn: boolean): LinuxAuthFact | undefined {
  const start = 'Received disconnect from ';
  const read = text.startsWith(start) ? readPeer(text, start.length) : undefined;
  if (read === undefined) return undefined;
  return { kind: 'ssh_disconnected', user: undefined, knownUser: false, peer: read.peer, beforeSignIn, by: 'peer' };
}

function readListening(text: string): LinuxAuthFact | undefined {
  const read = text.startsWith('Server listening on ') ? readPeer(text, 20) : undefined;
  if (read?.peer.port === undefined) return undefined;
  return { kind: 'ssh_listening', address: read.peer.address, port: read.peer.port };
}

function readError(text: string): LinuxAuthFact | undefined {
  const many = 'error: maximum authentication attempts exceeded for ';
  if (text.startsWith(many)) {
    const isUnknown = text.startsWith(invalidUser, many.length);
    const from = readFromPeer(text, many.length + (isUnknown ? invalidUser.length : 0), {
      pick: 'last',
      accepts: (end) => text.startsWith(' ssh', end),
    });
    return from === undefined
      ? undefined
      : { kind: 'ssh_too_many_attempts', user: from.before, knownUser: !isUnknown, peer: from.peer };
  }
  const banner = 'banner exchange: Connection from ';
  const at = text.startsWith(banner) ? banner.length : text.startsWith(`error: ${banner}`) ? banner.length + 7 : 0;
  const read = at === 0 ? undefined : readPeer(text, at);
  return read === undefined ? undefined : { kind: 'ssh_bad_banner', peer: read.peer };
}
