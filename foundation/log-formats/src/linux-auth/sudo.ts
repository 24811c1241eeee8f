// The log line of sudo: `alice : [reason ; ]TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id`.
import { endOfDigits } from '../text/characters.ts';
import type { LinuxAuthFact } from './fact.ts';

const separator = ' ; ';
const names = ['HOST', 'TTY', 'CHROOT', 'PWD', 'USER', 'GROUP', 'TSID', 'ENV', 'COMMAND'] as const;
const maxParts = 64;

/**
 * COMMAND is the last field and takes all that follows. A field that comes twice means that a directory or a name
 * imitates fields: the first is kept and the fact marked `ambiguous`.
 */
export function readSudo(message: string): LinuxAuthFact | undefined {
  const text = message.trimStart();
  const colon = text.indexOf(' : ');
  if (colon < 1 || colon > 256) return undefined;
  const user = text.slice(0, colon);
  const fields = new Map<string, string>();
  let reason: string | undefined;
  let ambiguous = false;
  let at = colon + 3;
  for (let part = 0; at <= text.length && part < maxParts; part += 1) {
    const name = names.find((candidate) => text.startsWith(`${candidate}=`, at));
    const found = text.indexOf(separator, at);
    const end = name === 'COMMAND' || found === -1 ? text.length : found;
    if (name === undefined) {
      if (part > 0) ambiguous = true;
      else reason = text.slice(at, end);
    } else if (fields.has(name)) ambiguous = true;
    else fields.set(name, text.slice(at + name.length + 1, end));
    if (end === text.length) break;
    at = end + separator.length;
  }
  if (fields.size === 0) return undefined;
  // A directory that imitates fields puts a false COMMAND first; the true one then ends the same line.
  if ((fields.get('COMMAND') ?? '').includes(`${separator}COMMAND=`)) ambiguous = true;
  const request = {
    terminal: fields.get('TTY'),
    directory: fields.get('PWD'),
    targetUser: fields.get('USER'),
    targetGroup: fields.get('GROUP'),
    command: fields.get('COMMAND'),
  };
  if (reason === undefined) return { kind: 'sudo_command', user, request, ambiguous };
  const digits = endOfDigits(reason, 0, 6);
  const attempts =
    digits > 0 && reason.startsWith(' incorrect password attempt', digits)
      ? Number(reason.slice(0, digits))
      : undefined;
  return { kind: 'sudo_refused', user, reason, attempts, request, ambiguous };
}
