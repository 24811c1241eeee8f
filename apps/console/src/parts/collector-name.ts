import { printable } from './printable.ts';

/** What a sensor's collectors look at, as people say it. */
const names = new Map([
  ['audit', 'Audit log of the kernel'],
  ['auth-log', 'Sign-ins, from the log'],
  ['journal', 'systemd journal'],
  ['wtmp', 'Sessions (wtmp)'],
  ['btmp', 'Failed sign-ins (btmp)'],
  ['processes', 'Programs started'],
  ['files', 'Changed files'],
  ['matches', 'Known bad files'],
  ['sockets', 'Connections and open ports'],
  ['inventory', 'Accounts, packages, modules, jobs, mounts'],
  ['clock', 'Clock'],
  ['receipts', 'Receipts of the server, checked'],
  ['coverage', 'What it can see'],
  ['heartbeat', 'Heartbeat'],
]);

export function collectorName(name: string): string {
  return names.get(name) ?? printable(name.replaceAll(/[-_.]/g, ' '));
}
