import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { release, type, version } from 'node:os';
import { linuxState, type Told } from '@sallyport/platform/machine-state';
import { desktopName, environmentWith } from '../config.ts';

/** What this machine says of itself when a run begins, as the API takes it. What cannot be seen is left out: unknown, never good. */
type MachineFacts = {
  readonly system?: string;
  readonly kernel?: string;
  readonly disk_encrypted?: Told;
  readonly screen_lock?: Told;
  readonly firewall?: Told;
  readonly secure_boot?: Told;
  readonly root?: boolean;
  readonly container?: boolean;
};

/** A hook may wait for it. */
const answerMs = 2000;
const maxAnswerBytes = 16 * 1024;

export async function machineFacts(): Promise<MachineFacts> {
  const root = process.getuid === undefined ? {} : { root: process.getuid() === 0 };
  switch (process.platform) {
    case 'linux':
      return { ...(await linuxFacts()), ...root };
    case 'darwin':
      return { ...(await macFacts()), ...root };
    case 'win32':
      return windowsFacts();
    default:
      return { system: `${type()} ${release()}`.slice(0, 200), ...root };
  }
}

async function linuxFacts(): Promise<MachineFacts> {
  const { system, kernel, diskEncrypted, firewall, secureBoot, isContainer } = linuxState({
    text(path) {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return undefined;
      }
    },
    list(path) {
      try {
        return readdirSync(path);
      } catch {
        return [];
      }
    },
  });
  return {
    ...(system === undefined ? {} : { system }),
    ...(kernel === undefined ? {} : { kernel }),
    disk_encrypted: diskEncrypted,
    firewall,
    secure_boot: secureBoot,
    screen_lock: await gnomeScreenLock(),
    container: isContainer,
  };
}

/** Only where GNOME runs: elsewhere its settings are those that nobody uses. */
async function gnomeScreenLock(): Promise<Told> {
  if (!desktopName().split(':').includes('GNOME')) return 'unknown';
  const said = await answerOf('gsettings', ['get', 'org.gnome.desktop.screensaver', 'lock-enabled']);
  return saysIn(said, /^true\b/, /^false\b/);
}

async function macFacts(): Promise<MachineFacts> {
  const [product, disk, firewall, lock] = await Promise.all([
    answerOf('/usr/bin/sw_vers', ['-productVersion']),
    answerOf('/usr/bin/fdesetup', ['status']),
    answerOf('/usr/libexec/ApplicationFirewall/socketfilterfw', ['--getglobalstate']),
    answerOf('/usr/sbin/sysadminctl', ['-screenLock', 'status']),
  ]);
  return { ...readMac({ product, disk, firewall, lock }), kernel: release().slice(0, 100) };
}

/** What the programs of macOS say. */
export function readMac(said: {
  readonly product: string;
  readonly disk: string;
  readonly firewall: string;
  readonly lock: string;
}): MachineFacts {
  const number = /^\d{1,4}(?:\.\d{1,4}){0,3}/.exec(said.product.trim())?.[0];
  return {
    ...(number === undefined ? {} : { system: `macOS ${number}` }),
    disk_encrypted: saysIn(said.disk, /FileVault is On\./, /FileVault is Off\./),
    firewall: saysIn(said.firewall, /State = [12]\b/, /State = 0\b/),
    screen_lock: saysIn(said.lock, /screenLock delay is (?:immediate|\d)/, /screenLock is off/),
  };
}

async function windowsFacts(): Promise<MachineFacts> {
  const policy = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
  const value = (key: string, name: string): Promise<string> => answerOf('reg', ['query', key, '/v', name]);
  const [secureBoot, ...profiles] = await Promise.all([
    value('HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State', 'UEFISecureBootEnabled'),
    ...['DomainProfile', 'StandardProfile', 'PublicProfile'].map((profile) =>
      value(`${policy}\\${profile}`, 'EnableFirewall'),
    ),
  ]);
  return { ...readWindows({ secureBoot, profiles }), system: version().slice(0, 200), kernel: release().slice(0, 100) };
}

/** What the registry of Windows holds: numbers, in whatever language the rest is. */
export function readWindows(said: { readonly secureBoot: string; readonly profiles: readonly string[] }): MachineFacts {
  const flag = (text: string): Told => saysIn(text, /REG_DWORD\s+0x1\b/, /REG_DWORD\s+0x0\b/);
  const firewalls = new Set(said.profiles.map(flag));
  return {
    firewall: firewalls.has('no') ? 'no' : firewalls.has('unknown') ? 'unknown' : 'yes',
    secure_boot: flag(said.secureBoot),
  };
}

function saysIn(text: string, yes: RegExp, no: RegExp): Told {
  return yes.test(text) ? 'yes' : no.test(text) ? 'no' : 'unknown';
}

/** What a program says, on either way; nothing when it is not there, fails or is slow. */
function answerOf(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      { timeout: answerMs, killSignal: 'SIGKILL', maxBuffer: maxAnswerBytes, env: environmentWith({ LC_ALL: 'C' }) },
      (error, stdout, stderr) => resolve(error === null ? `${stdout}${stderr}` : ''),
    );
    child.stdin?.end();
  });
}
