// The sealer process: ledger and key vault. Synchronous file I/O, no parsers of foreign input, no native add-ons.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { openKeyVault, openSealedFileProvider } from '@sallyport/key-vault';
import type { KeyVault, Unsealing } from '@sallyport/key-vault';
import { createSealer } from '@sallyport/ledger/sealer';
import { systemClock } from '@sallyport/platform/clock';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { createFramePeer } from '@sallyport/platform/frames';
import { createBootClock } from './boot-clock.ts';
import { parseSealerFlags } from './sealer-flags.ts';
import { offeredSecrets } from './secret-names.ts';

function fatal(error: unknown): never {
  process.stderr.write(
    `${JSON.stringify({ level: 'error', message: 'The sealer stops', code: codeOf(error) ?? 'unknown', reason: messageOf(error) })}\n`,
  );
  process.exit(1);
}

function run(): void {
  const flags = parseSealerFlags(process.argv.slice(2));
  const directories: [string, string] = [join(flags.dataDirectory, 'vault'), join(flags.dataDirectory, 'vault-copy')];
  const unsealing: Unsealing =
    flags.unsealing.kind === 'file'
      ? flags.unsealing
      : { kind: 'passphrase', passphrase: readFileSync(flags.unsealing.file, 'utf8').trimEnd() };
  const clock = createBootClock(systemClock);
  // Opening the vault may write it. The ledger takes its lock first, so that a predecessor still ending is done with it.
  const vault = openOnUse(() => {
    const provider = openSealedFileProvider({ directories, unsealing, random: randomBytes });
    return openKeyVault({ directories, provider, clock, random: randomBytes });
  });
  const sealer = createSealer({
    directory: join(flags.dataDirectory, 'ledger'),
    vault,
    clock,
    random: randomBytes,
    disk: { watermarkBytes: flags.diskWatermarkBytes, reserveBytes: flags.diskReserveBytes },
    checkpointEveryMs: 1000,
    lockWaitMs: 10_000,
    offeredSecrets,
    notify: (method, head) => peer.notify(method, { head }),
    fatal,
  });
  const peer = createFramePeer(new Socket({ fd: 3, readable: true, writable: true }), sealer.handlers);
  // Signals are for the server: it closes the pipe when it is done with us.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  void peer.closed.then(() => {
    try {
      sealer.close();
    } catch (error) {
      // A checkpoint that finds no room is signed at the next start.
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') fatal(error);
    }
    process.exit(0);
  });
}

function openOnUse(open: () => KeyVault): KeyVault {
  let opened: KeyVault | undefined;
  const vault = (): KeyVault => (opened ??= open());
  return {
    ensureKey: (...given) => vault().ensureKey(...given),
    findKey: (id) => vault().findKey(id),
    openSecret: (name) => vault().openSecret(name),
    sealSecret: (name, bytes) => vault().sealSecret(name, bytes),
  };
}

try {
  run();
} catch (error) {
  // The server cannot know why we never answered unless it is told through the pipe it waits on.
  const failure =
    error instanceof CodedError ? error : new CodedError('sealer_unstartable', messageOf(error), { cause: error });
  const refuse = (): never => {
    throw failure;
  };
  const peer = createFramePeer(new Socket({ fd: 3, readable: true, writable: true }), { open: refuse });
  void peer.closed.then(() => process.exit(1));
}
