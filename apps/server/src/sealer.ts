// The sealer process: ledger and key vault. Synchronous file I/O, no parsers of foreign input, no native add-ons.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import {
  createSealedFileProvider,
  createSubjectFrames,
  createVaultService,
  defaultDestructionRules,
  openKeyVault,
  systemVaultFiles,
} from '@sallyport/key-vault';
import type { KeyProvider, ProviderKind, Unsealing } from '@sallyport/key-vault';
import { createSealer } from '@sallyport/ledger/sealer';
import { systemClock } from '@sallyport/platform/clock';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { readFileIfPresent } from '@sallyport/platform/files';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FrameHandlers } from '@sallyport/platform/frames';
import { createBootClock } from './boot-clock.ts';
import { keepCompiled } from './keep-compiled.ts';
import { openConfiguredProviders } from './key-providers.ts';
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
    flags.unsealing.kind === 'passphrase'
      ? { kind: 'passphrase', passphrase: readPassphrase(flags.unsealing.file) }
      : flags.unsealing;
  const stopping = new AbortController();
  const clock = createBootClock(systemClock);
  const files = systemVaultFiles;
  const pause = async (): Promise<void> => immediately();
  // Opening the vault may write it. The ledger takes its lock first, so that a predecessor still ending is done with it.
  const vault = createVaultService({
    pause,
    makeRoom: () => sealer.makeRoom(),
    notify: (method, head) => peer.notify(method, { head }),
    open: async (outside) => {
      const sealed = createSealedFileProvider({ directories, unsealing, random: randomBytes, files });
      const configured = openConfiguredProviders(flags.keyProviderFile);
      const providers = new Map<ProviderKind, KeyProvider>([...configured.providers, ['sealed-file', sealed]]);
      const { versionOne } = sealed;
      const { signal } = stopping;
      const common = {
        directories,
        clock,
        random: randomBytes,
        files,
        pause,
        signal,
        broken: fatal,
        machine: readMachineId(),
        isNeeded: existsSync(join(flags.dataDirectory, 'ledger', 'instance')),
        destruction: {
          records: sealer.ownRecords,
          rules: { ...defaultDestructionRules, waitMs: flags.destructionWaitMs },
          // Stands still while the machine sleeps.
          running: systemClock,
          removed: (keyIds: readonly string[]) => peer.notify('destroyed', { head: { keyIds: [...keyIds] } }),
        },
      };
      return openKeyVault({ ...common, providers, firstProviders: configured.first, versionOne }, outside);
    },
  });
  const sealer = createSealer({
    directory: join(flags.dataDirectory, 'ledger'),
    vault: vault.keys,
    clock,
    random: randomBytes,
    disk: { watermarkBytes: flags.diskWatermarkBytes, reserveBytes: flags.diskReserveBytes },
    checkpointEveryMs: 1000,
    lockWaitMs: 10_000,
    offeredSecrets,
    notify: (method, head) => peer.notify(method, { head }),
    fatal,
  });
  const ledger = replayingFirst(sealer.handlers, () => vault.ledgerOpened());
  const subjects = createSubjectFrames({
    directories,
    files,
    random: randomBytes,
    broken: fatal,
    opened: () => vault.opened(),
  });
  const handlers = { ...afterOpening(ledger, vault.opened), ...vault.handlers, ...subjects };
  const peer = createFramePeer(new Socket({ fd: 3, readable: true, writable: true }), handlers);
  // Signals are for the server: it closes the pipe when it is done with us.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
  void peer.closed.then(() => {
    stopping.abort();
    try {
      sealer.close();
    } catch (error) {
      // A checkpoint that finds no room is signed at the next start.
      if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') fatal(error);
    }
    process.exit(0);
  });
}

function readPassphrase(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (error) {
    throw new CodedError('config_invalid', `Cannot read the passphrase: ${messageOf(error)}`, {
      hint: 'give SALLYPORT_PASSPHRASE_FILE a file the server may read',
    });
  }
}

/** machine-id(5): a copy of the disk alone has the same, a machine set up anew has another. Undefined in most containers. */
function readMachineId(): string | undefined {
  const id = readFileIfPresent('/etc/machine-id')?.toString('utf8').trim();
  return id === undefined || !/^[0-9a-f]{32}$/.test(id) ? undefined : id;
}

/** What was destroyed before a restore is destroyed again before anybody can read: "open" answers after that. */
function replayingFirst(handlers: FrameHandlers, replay: () => Promise<void>): FrameHandlers {
  const { open } = handlers;
  if (open === undefined) return handlers;
  let replayed: Promise<void> | undefined;
  return {
    ...handlers,
    async open(request) {
      const reply = await open(request);
      await (replayed ??= replay());
      return reply;
    },
  };
}

/** The ledger's handlers, each waiting until the vault is open. Every key they use is then had at once. */
function afterOpening(handlers: FrameHandlers, opened: () => Promise<unknown>): FrameHandlers {
  let isOpen = false;
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handle]): [string, FrameHandlers[string]] => [
      method,
      (request) => {
        if (isOpen) return handle(request);
        return opened().then(() => {
          isOpen = true;
          return handle(request);
        });
      },
    ]),
  );
}

try {
  run();
  keepCompiled();
} catch (error) {
  // The server cannot know why we never answered unless it is told through the pipe it waits on, whatever it asks first.
  const failure =
    error instanceof CodedError ? error : new CodedError('sealer_unstartable', messageOf(error), { cause: error });
  const refuse = (): never => {
    throw failure;
  };
  const handlers = { 'vault.open': refuse, begin: refuse, open: refuse };
  const peer = createFramePeer(new Socket({ fd: 3, readable: true, writable: true }), handlers);
  void peer.closed.then(() => process.exit(1));
}
