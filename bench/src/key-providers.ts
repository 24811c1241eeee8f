import { spawn } from 'node:child_process';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import type { JsonObject } from '@sallyport/contracts';
import { createRemoteProvider } from '@sallyport/key-vault';
import type { KeyProvider, KeyProvidersConfig } from '@sallyport/key-vault';
import { createFramePeer } from '@sallyport/platform/frames';
import type { FramePeer } from '@sallyport/platform/frames';
import { openBaoProgram, startOpenBao } from '@sallyport/testing/openbao';
import { createSoftHsm, softHsmMissing } from '@sallyport/testing/soft-hsm';
import { softTpmMissing, startSoftTpm } from '@sallyport/testing/soft-tpm';
import type { Bench } from './bench.ts';
import { repositoryRoot, withDirectory } from './repository.ts';
import { latencies, rounded } from './statistics.ts';

type Kind = 'pkcs11' | 'tpm' | 'transit';
type Place = {
  readonly kind: Kind;
  readonly config: KeyProvidersConfig;
  readonly calls: number;
  readonly stop: () => Promise<void>;
};

/** Unwrapping a key with each provider there is, through its own process as the sealer does it. */
export const keyProviders: Bench = {
  name: 'key-providers',
  target: 'a start waits less than a second for its master key',
  run: async ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const figures: Record<string, JsonObject> = {};
      const ratios: Record<string, number> = {};
      const bare = bareDecryptionMs(options.tiny ? 200 : 20_000);
      let processed = 0;
      for (const open of [openHsm, openTpm, openTransit]) {
        const place = await open(directory);
        if (typeof place === 'string') {
          progress(place);
          continue;
        }
        const calls = options.tiny ? 3 : place.calls;
        const measured = await measure(join(directory, `${place.kind}.json`), place, calls);
        await place.stop();
        processed += calls;
        figures[place.kind] = measured;
        ratios[`${place.kind}_to_bare_decryption`] = rounded(Number(measured['unwrap_p50_ms']) / bare);
        progress(`${place.kind}: ${JSON.stringify(measured)}`);
      }
      return {
        processed,
        inputs: { bytes: 32 },
        figures: { ...figures, bare_decryption_ms: rounded(bare) },
        ratios,
        notes: [
          'The HSM, the TPM and the server are programs on this machine: real ones are further away, and their chips slower',
          'first_unwrap_ms: its process started, the library loaded or the connection made, logged in, the key found and checked',
        ],
      };
    }),
};

async function measure(file: string, { kind, config }: Place, calls: number): Promise<JsonObject> {
  writeFileSync(file, JSON.stringify(config));
  const vault = randomBytes(16).toString('hex');
  const name = `sallyport-${vault}-1-${randomBytes(8).toString('hex')}`;
  const context = { format: 'sallyport-epoch@v2', vault, epoch: 1 } as const;
  const { signal } = new AbortController();
  const first = openProvider(file, kind);
  const madeAt = performance.now();
  const key = await first.create(name, signal);
  const createMs = performance.now() - madeAt;
  const wrapped = await first.wrap(key, randomBytes(32), context, signal);
  await first.close();
  const provider = openProvider(file, kind);
  const unwrap = async (): Promise<number> => {
    const startedAt = performance.now();
    await provider.unwrap(key, wrapped, context, signal);
    return performance.now() - startedAt;
  };
  const firstMs = await unwrap();
  const times: number[] = [];
  for (let call = 0; call < calls; call += 1) times.push(await unwrap());
  await provider.close();
  const { p50, p99 } = latencies(times);
  return {
    first_create_ms: rounded(createMs),
    first_unwrap_ms: rounded(firstMs),
    unwrap_p50_ms: rounded(p50),
    unwrap_p99_ms: rounded(p99),
    unwraps_per_second: rounded((calls * 1000) / times.reduce((sum, time) => sum + time, 0)),
  };
}

/** The product's own provider process. */
function openProvider(file: string, kind: Kind): KeyProvider {
  const entry = join(repositoryRoot, 'apps/server/src/key-provider.ts');
  const start = (): FramePeer => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, file, kind], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      env: { PATH: '/usr/bin:/bin' },
    });
    const pipe = child.stdio[3];
    if (!(pipe instanceof Duplex)) throw new Error('The provider process does not start');
    return createFramePeer(pipe, {});
  };
  return createRemoteProvider({ start, callTimeoutMs: 60_000, idleMs: 60_000 });
}

async function openHsm(directory: string): Promise<Place | string> {
  if (softHsmMissing !== false) return `not measured: ${softHsmMissing}`;
  const { module, serials, pinFile, environment } = createSoftHsm(directory);
  const pkcs11 = { module, token_serial: serials[0], pin_file: pinFile, environment };
  return { kind: 'pkcs11', config: { first: ['pkcs11'], pkcs11 }, calls: 3000, stop: async () => undefined };
}

async function openTpm(directory: string): Promise<Place | string> {
  if (softTpmMissing !== false) return `not measured: ${softTpmMissing}`;
  const { tcti, stop } = await startSoftTpm(join(directory, 'tpm'));
  return { kind: 'tpm', config: { first: ['tpm'], tpm: { tcti, pcrs: [7] } }, calls: 50, stop };
}

async function openTransit(directory: string): Promise<Place | string> {
  const program = openBaoProgram();
  if (program === undefined) return 'not measured: OpenBao (node tools/launch.mjs tools/fetch-openbao.ts)';
  const { address, caFile, token, ask, stop } = await startOpenBao(program, join(directory, 'openbao'));
  await ask('POST', 'sys/mounts/transit', { type: 'transit' });
  await ask('POST', 'transit/config/keys', { disable_upsert: true });
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, token, { mode: 0o600 });
  const transit = { address, token_file: tokenFile, ca_file: caFile };
  return { kind: 'transit', config: { first: ['transit'], transit }, calls: 500, stop };
}

/** AES-256-GCM of 32 bytes in this process: what is left when the key is at hand. */
function bareDecryptionMs(calls: number): number {
  const key = randomBytes(32);
  const sealed = randomBytes(32);
  const startedAt = performance.now();
  for (let call = 0; call < calls; call += 1)
    createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).update(sealed);
  return (performance.now() - startedAt) / calls;
}
