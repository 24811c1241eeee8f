import { readFileSync } from 'node:fs';

/** Between a harness and what it starts stand shells at most. */
const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'busybox', 'fish']);
const mostShells = 3;

type Found = { readonly name: string; readonly parent: number; readonly began: string };

/**
 * Which process started us, whatever shells stand in between: its number and when it began, so that another with that number is not taken
 * for it. Undefined where nobody says, as on Windows. Never throws.
 */
export async function harnessProcess(
  parent: number = process.ppid,
  look: (pid: number) => Promise<Found | undefined> = lookUp,
): Promise<string | undefined> {
  let pid = parent;
  for (let shell = 0; shell <= mostShells && pid > 1; shell += 1) {
    const found = await look(pid);
    if (found === undefined) return undefined;
    if (!shells.has(found.name)) return `${pid} ${found.began}`;
    pid = found.parent;
  }
  return undefined;
}

async function lookUp(pid: number): Promise<Found | undefined> {
  if (process.platform === 'win32') return undefined;
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): Found | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [from, to] = [stat.indexOf('('), stat.lastIndexOf(')')];
    // After the name, which may hold anything: state, parent, … and the start as the twentieth.
    const fields = stat.slice(to + 2).split(' ');
    const [, parent, began] = [fields[0], fields[1], fields[19]];
    if (parent === undefined || began === undefined) return undefined;
    return { name: stat.slice(from + 1, to), parent: Number(parent), began };
  } catch {
    return undefined;
  }
}

/** Where there is no `/proc`. */
export async function fromPs(pid: number): Promise<Found | undefined> {
  const { execFile } = await import('node:child_process');
  const text = await new Promise<string>((resolve) => {
    const asked = ['-o', 'ppid=,lstart=,comm=', '-p', String(pid)];
    const how = { timeout: 2000, env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' } };
    execFile('ps', asked, how, (error, stdout) => resolve(error === null ? stdout : ''));
  });
  const read = /^\s*(?<parent>\d+)\s+(?<began>\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(?<name>.+?)\s*$/m.exec(
    text,
  )?.groups;
  if (read === undefined) return undefined;
  const name = (read['name'] ?? '').split('/').at(-1)?.replace(/^-/, '') ?? '';
  return { name, parent: Number(read['parent']), began: read['began'] ?? '' };
}
