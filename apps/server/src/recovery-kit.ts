import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, ocsfClass, textOf } from '@sallyport/contracts';
import { createKitMemory, createKitRoutes, readVaultHeader } from '@sallyport/key-vault/server';
import type { KitRoutesNeeds } from '@sallyport/key-vault/server';
import { auditEvent } from '@sallyport/ledger';
import type { AuditEvent, LedgerClient } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { ServerConfig } from './config.ts';
import type { VaultServices } from './vault.ts';

type Kit = Awaited<ReturnType<KitRoutesNeeds['gather']>>;

/** Gathers what has to lie elsewhere so that an empty machine becomes this server again. */
export function createRecoveryKitRoutes(needs: {
  readonly config: Pick<ServerConfig, 'dataDirectory' | 'unsealing' | 'keyProviderFile'>;
  readonly vault: VaultServices;
  readonly ledger: Pick<LedgerClient, 'logs' | 'head' | 'checkpoint'>;
  /** Where the archive is, for people. */
  readonly archivePlace: () => string | undefined;
  readonly recordAudit: (event: AuditEvent) => Promise<void>;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
}): RoutePlugin {
  const { config, clock } = needs;
  const directory = join(config.dataDirectory, 'vault');
  const memory = createKitMemory(needs.database);
  return createKitRoutes({
    memory,
    random: needs.random,
    activeEpoch: () => readVaultHeader(directory),
    gather: async (hint) => {
      const header = await readVaultHeader(directory);
      if (header === undefined)
        throw new CodedError('vault_damaged', 'Cannot make a recovery kit: the vault’s file cannot be read');
      const { bytes, vault, generation, epoch } = header;
      const listed = await needs.vault.client.list();
      const providers = providersIn(listed['providers']);
      const archive = needs.archivePlace();
      const { log } = needs.ledger.head();
      return {
        madeAtMs: clock.nowMs(),
        vault,
        generation,
        epoch,
        vaultFile: bytes.toString('base64'),
        verifierKeys: needs.ledger.logs().map(({ verifierKey }) => verifierKey),
        checkpoint: await needs.ledger.checkpoint(log),
        log,
        sealed: await sealedFiles(directory),
        unsealing: await unsealingOf(config.unsealing, hint, providers),
        providers,
        ...(config.keyProviderFile === undefined
          ? {}
          : { keyProviderFile: await readFile(config.keyProviderFile, 'utf8') }),
        ...(archive === undefined ? {} : { archive }),
      };
    },
    async record({ principal, action, outcome, target, details }) {
      const { kind, id, name } = principal;
      const common = { classUid: ocsfClass.entityManagement, activityId: 3, action, outcome, target, details };
      await needs.recordAudit(auditEvent({ ...common, nowMs: clock.nowMs(), actor: { kind, id, name } }));
    },
  });
}

async function sealedFiles(directory: string): Promise<Kit['sealed']> {
  const names = (await readdir(directory)).filter((name) => /^sallyport-[0-9a-f-]+\.sealed$/.test(name));
  const files: Kit['sealed'] = [];
  for (const name of names.toSorted())
    files.push({ name, bytes: (await readFile(join(directory, name))).toString('base64') });
  return files;
}

async function unsealingOf(
  unsealing: ServerConfig['unsealing'],
  hint: string,
  providers: Kit['providers'],
): Promise<Kit['unsealing']> {
  if (unsealing.kind === 'passphrase') return { kind: 'passphrase', hint };
  const secret = await readFile(unsealing.path).catch((error: unknown) => {
    // A kit that opens nothing would be found out when it is needed.
    if (codeOf(error) === 'ENOENT' && !providers.some(({ kind, isUsed }) => kind === 'sealed-file' && isUsed))
      return Buffer.alloc(0);
    throw new CodedError(
      'kit_refused',
      `Cannot make a recovery kit: the unseal key cannot be read: ${messageOf(error)}`,
      {
        cause: error,
        hint: `put it back for as long as it takes: ${unsealing.path}`,
      },
    );
  });
  return { kind: unsealing.kind, secret: secret.toString('base64') };
}

function providersIn(value: unknown): Kit['providers'] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.flatMap((one) => {
    if (!isJsonObject(one)) return [];
    const kind = kinds.find((known) => known === textOf(one['kind']));
    return kind === undefined ? [] : [{ kind, isUsed: one['isUsed'] === true }];
  });
}

const kinds = ['sealed-file', 'tpm', 'pkcs11', 'transit', 'aws-kms'] as const;
