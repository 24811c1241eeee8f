import { journalText } from './entry.ts';
import type { JournalEntry } from './entry.ts';

/** Whose words an entry of the journal holds. */
export type JournalSpeaker = {
  /** As far as it can be known: the name of whoever is vouched for, else of the process that wrote. */
  readonly program: string;
  /** The name it gave itself, where that is a name whose words are believed and the process was another. */
  readonly claimed?: string;
};

/** Programs that tell who signed in, or became somebody else. Whoever may write to the journal may write under their names. */
const believed =
  /^(?:sshd(?:-session|-auth)?|sudo|su(?:-l)?|login|systemd-logind|user(?:add|del|mod)|group(?:add|del|mod)|gpasswd|passwd|chpasswd|chsh|chfn|pkexec|polkitd|cron|CRON|dropbear|gdm[\w-]*|lightdm)$/;
/** Modules of PAM speak under the name of whoever loads them. */
const pam = /^pam_\w+\(/;
/** Anybody may start them, and they write as whoever did; the journal does not always still find their file. */
const forEverybody = new Set(['sudo', 'su', 'su-l', 'passwd', 'gpasswd', 'chsh', 'chfn', 'pkexec']);
/** Where only root puts programs. */
const ofTheSystem = /^\/(?:usr\/(?:local\/)?)?(?:bin|sbin|lib|lib64|libexec)\//;

/**
 * The program an entry is of. The journal's own fields (`_UID`, `_EXE`, `_COMM`) are the kernel's word for who wrote; the
 * identifier is what that process called itself. A process of another user that calls itself by a name whose words are believed
 * is not believed: `logger -t sshd` signs nobody in. An entry without the kernel's word stands as it is.
 * Undefined when nothing names a program.
 */
export function journalSpeaker(entry: JournalEntry): JournalSpeaker | undefined {
  const comm = journalText(entry, '_COMM');
  const identifier = journalText(entry, 'SYSLOG_IDENTIFIER') ?? comm;
  if (identifier === undefined) return undefined;
  const name = identifier.slice(identifier.lastIndexOf('/') + 1);
  const isWeighty = believed.test(name) || pam.test(journalText(entry, 'MESSAGE') ?? '');
  if (!isWeighty || isVouched(entry, name)) return { program: identifier };
  return { program: comm === undefined || believed.test(comm) ? 'unknown' : comm, claimed: identifier };
}

function isVouched(entry: JournalEntry, name: string): boolean {
  const uid = journalText(entry, '_UID');
  if (uid === undefined || uid === '0') return true;
  const exe = journalText(entry, '_EXE');
  if (exe !== undefined) return ofTheSystem.test(exe) && exe.slice(exe.lastIndexOf('/') + 1) === fileOf(name);
  const comm = journalText(entry, '_COMM');
  return forEverybody.has(name) && (comm === undefined || comm === fileOf(name));
}

/** `su -l` calls itself so. */
function fileOf(name: string): string {
  return name === 'su-l' ? 'su' : name;
}
