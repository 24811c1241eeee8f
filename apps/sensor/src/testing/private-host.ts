// A host of its own on this machine: the same programs and kernel, but /etc, /var, /root, /home, /run and /dev of its own in a
// private mount namespace, so that real daemons and tools can be run and real accounts, packages and logs made, without a trace.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type PrivateHost = {
  /** Shared with the rest of the machine. */
  readonly directory: string;
  /** Runs to its end in the host and gives what it printed. Throws when it fails. */
  run(command: string, ...args: string[]): string;
  /** The same, whatever the exit code. */
  tryRun(
    command: string,
    ...args: string[]
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  write(path: string, text: string): void;
  start(command: string, ...args: string[]): RunningDaemon;
  end(): Promise<void>;
};

export type RunningDaemon = {
  readonly pid: number;
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
};

/** Why this machine cannot have one; false when it can. */
export function whyNoPrivateHost(): string | false {
  if (process.getuid?.() !== 0) return 'real daemons need root, in a mount namespace of their own';
  const probe = spawnSync('unshare', ['--mount', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  if (probe.status !== 0) return 'this machine gives no mount namespaces';
  return existsSync('/usr/sbin/chronyd')
    ? false
    : 'there is no chronyd: apt-get install -y chrony, in place of any other';
}

/** For directories both sides see: /dev and /var are its own, and temporary files may be in the machine's /dev/shm. */
export const seenInside = '/tmp';

const setUp = `
set -e
mount -t tmpfs tmpfs "$1"
for folder in etc var root home; do
  mkdir -p "$1/upper/$folder" "$1/work/$folder"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/upper/$folder,workdir=$1/work/$folder" "/$folder"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir "$1/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r name major minor <<< "$node"
  mknod -m 666 "$1/dev/$name" c "$major" "$minor"
done
mkdir -m 1777 "$1/dev/shm"
mkdir "$1/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666,gid=5 devpts "$1/dev/pts"
ln -s pts/ptmx "$1/dev/ptmx"
ln -s /proc/self/fd "$1/dev/fd"
mount --bind "$1/dev" /dev
mount --bind "$1/dev/pts" /dev/pts
echo ready
exec cat
`;

export async function createPrivateHost(): Promise<PrivateHost> {
  const directory = mkdtempSync(join(seenInside, 'sensor-real-'));
  const layers = join(directory, 'layers');
  mkdirSync(layers);
  // It ends with its input, so also when this process is killed; the mounts end with the last process in it.
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'bash', '-c', setUp, 'bash', layers], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  await Promise.race([
    once(holder.stdout, 'data'),
    once(holder, 'exit').then(() => {
      throw new Error(`Cannot make a host: ${said}`);
    }),
  ]);
  const daemons: ChildProcess[] = [];
  const inside = (command: string, args: readonly string[]): string[] => [
    `--target=${holder.pid ?? 0}`,
    '--mount',
    '--wd=/',
    '--',
    command,
    ...args,
  ];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: '/root', TZ: 'UTC' };
  const endAll = (): void => daemons.forEach((daemon) => daemon.kill('SIGKILL'));
  process.on('exit', endAll);

  const host: PrivateHost = {
    directory,
    tryRun(command, ...args) {
      const { status, stdout, stderr } = spawnSync('nsenter', inside(command, args), {
        env,
        encoding: 'utf8',
        timeout: 60_000,
      });
      return { status, stdout, stderr };
    },
    run(command, ...args) {
      const { status, stdout, stderr } = host.tryRun(command, ...args);
      if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
      return stdout;
    },
    write(path, text) {
      const written = spawnSync('nsenter', inside('bash', ['-c', 'mkdir -p "${1%/*}" && cat > "$1"', 'bash', path]), {
        env,
        input: text,
      });
      if (written.status !== 0) throw new Error(`Cannot write ${path}: ${written.stderr.toString()}`);
    },
    start(command, ...args) {
      // A daemon outlives no test, not even one that is killed: a second journald on a machine disturbs the next run.
      const started = ['--pdeathsig', 'KILL', 'nsenter', ...inside(command, args)];
      const daemon = spawn('setpriv', started, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      daemons.push(daemon);
      let output = '';
      for (const stream of [daemon.stdout, daemon.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      const ended = once(daemon, 'exit');
      return {
        pid: daemon.pid ?? 0,
        output: () => output,
        async stop(signal = 'SIGTERM') {
          if (daemon.exitCode !== null || daemon.signalCode !== null) return;
          daemon.kill(signal);
          await ended;
        },
      };
    },
    async end() {
      for (const daemon of daemons) {
        if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
        const ended = once(daemon, 'exit');
        daemon.kill('SIGKILL');
        await ended;
      }
      process.off('exit', endAll);
      const ended = once(holder, 'exit');
      holder.stdin.end();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return host;
}
