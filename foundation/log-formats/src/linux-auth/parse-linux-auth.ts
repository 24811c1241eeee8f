import { endOfDigits } from '../text/characters.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { readLogin, readLogind, readShadowTool } from './accounts.ts';
import type { LinuxAuthFact, LinuxAuthLine, LinuxAuthRefusalCode } from './fact.ts';
import { readOpenssh } from './openssh.ts';
import { readPam } from './pam.ts';
import { readSu } from './su.ts';
import { readSudo } from './sudo.ts';

const maxCharacters = 65_536;

/**
 * The fact in a message of an authentication program. `application` is the program of the syslog header: it decides
 * whose words these are, since any program may write "Accepted password for root" into its own log.
 * Modules of PAM speak under the name of whoever loads them, and say their service themselves.
 */
export function parseLinuxAuth(application: string, message: string): Parsed<LinuxAuthLine, LinuxAuthRefusalCode> {
  if (message.length > maxCharacters)
    return refuse(
      'auth_too_long',
      maxCharacters,
      `Message has ${message.length} characters, must be at most ${maxCharacters}`,
    );
  const { text, times } = unfold(message);
  const fact = readPam(text) ?? readOf(application, text);
  if (fact === undefined) return refuse('auth_not_known', 0, `No known authentication message: ${quoted(text)}`);
  return accept({ fact, times });
}

function readOf(application: string, text: string): LinuxAuthFact | undefined {
  const program = application.slice(application.lastIndexOf('/') + 1);
  switch (program) {
    case 'sshd':
    case 'sshd-session':
    case 'sshd-auth':
      return readOpenssh(text);
    case 'sudo':
      return readSudo(text);
    case 'su':
    case 'su-l':
      return readSu(text);
    case 'useradd':
    case 'userdel':
    case 'usermod':
    case 'groupadd':
    case 'gpasswd':
    case 'passwd':
    case 'chpasswd':
      return readShadowTool(text);
    case 'login':
      return readLogin(text);
    case 'systemd-logind':
      return readLogind(text);
    default:
      return undefined;
  }
}

/** rsyslog folds repetitions: `message repeated 3 times: [ Failed password … ssh2]`. */
function unfold(message: string): { readonly text: string; readonly times: number } {
  const start = 'message repeated ';
  if (!message.startsWith(start)) return { text: message, times: 1 };
  const end = endOfDigits(message, start.length, 9);
  const middle = ' times: [';
  if (end === start.length || !message.startsWith(middle, end) || !message.endsWith(']'))
    return { text: message, times: 1 };
  return { text: message.slice(end + middle.length, -1).trim(), times: Number(message.slice(start.length, end)) };
}
