import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Why tests with swtpm are not run, or false. */
export const softTpmMissing: string | false =
  existsSync('/usr/bin/swtpm') && existsSync('/usr/bin/tpm2_nvread')
    ? false
    : 'apt-get install -y --no-install-recommends swtpm tpm2-tools libtss2-tcti-swtpm0';

/** A TPM in software, its state in a directory of its own. */
export async function startSoftTpm(directory: string): Promise<{ tcti: string; stop: () => Promise<void> }> {
  mkdirSync(directory, { recursive: true });
  const socket = join(directory, 'sock');
  const child = spawn(
    'swtpm',
    [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${directory}`,
      '--server',
      `type=unixio,path=${socket}`,
      '--ctrl',
      `type=unixio,path=${socket}.ctrl`,
      '--flags',
      'not-need-init,startup-clear',
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  while (!existsSync(`${socket}.ctrl`) || !existsSync(socket)) {
    if (child.exitCode !== null) throw new Error('swtpm did not start');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    tcti: `swtpm:path=${socket}`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
