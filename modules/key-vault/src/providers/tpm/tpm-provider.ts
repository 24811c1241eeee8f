import { contextBytes } from '../../key-provider.ts';
import type { KeyProvider, MasterKeyName, Presence, ProviderFacts, WrapContext } from '../../key-provider.ts';
import { createWrapper } from '../../wrapper.ts';
import {
  isNameOf,
  notUsable,
  presenceOrUnknown,
  refused,
  requireName,
  requirePermit,
  unsealFailed,
  vaultOf,
} from '../provider-failure.ts';
import type { KeyProvidersConfig } from '../providers-config.ts';
import { formatHandle, formatNvMaster, handleOf } from './nv-master.ts';
import { createTpmIndexes } from './tpm-indexes.ts';
import type { NvContent } from './tpm-indexes.ts';
import { createTpmTools } from './tpm-tools.ts';

export type TpmConfig = NonNullable<KeyProvidersConfig['tpm']>;

/** A TPM has room for a few indexes, and others use them too. */
const maxMasters = 4;

/** Makers of TPMs in software: the state of these is a file of whoever runs the host. */
const emulators: ReadonlySet<string> = new Set(['IBM', 'MSFT', 'GOOG', 'AMZN', 'VMW']);

/**
 * Master keys as 32 bytes in NV indexes of the TPM. They are read out to wrap with: the TPM keeps them, against whoever has
 * the disks or another machine or, with `pcrs`, has started another system on this one. Undefining an index is final: the
 * bytes stood nowhere else.
 */
export function createTpmProvider(needs: {
  readonly config: TpmConfig;
  readonly random: (bytes: number) => Buffer;
}): KeyProvider {
  const { config, random } = needs;
  const { tcti = 'device:/dev/tpmrm0' } = config;
  const indexes = createTpmIndexes({
    run: createTpmTools({ tcti, timeoutMs: 20_000 }),
    managed: /^(?:device:\/dev\/tpmrm|tabrmd)/.test(tcti),
    pcrs: config.pcrs.toSorted((left, right) => left - right),
    ownerPasswordFile: config.owner_password_file,
    endorsementPasswordFile: config.endorsement_password_file,
  });

  const contentOf = async (name: MasterKeyName, signal: AbortSignal): Promise<NvContent> => {
    const handle = handleOf(name);
    const content = (await indexes.list(signal)).includes(handle) ? await indexes.read(handle, signal) : undefined;
    if (content?.kind === 'master' && content.name !== name) return { kind: 'foreign' };
    return content ?? { kind: 'missing' };
  };

  /** Every master key that can be read now. */
  const readable = async (signal: AbortSignal) => {
    const found: { name: MasterKeyName; handle: number; content: NvContent }[] = [];
    for (const handle of await indexes.list(signal)) {
      const content = await indexes.read(handle, signal);
      found.push({ name: content.kind === 'master' ? content.name : '', handle, content });
    }
    return found;
  };

  const presenceOf = async (name: MasterKeyName, content: NvContent, signal: AbortSignal): Promise<Presence> => {
    if (content.kind === 'master') return { kind: 'usable' };
    if (content.kind === 'closed')
      return { kind: 'disabled', why: 'The TPM’s registers (PCRs) are not as when it was made' };
    if (content.kind === 'unwritten') return { kind: 'disabled', why: 'Its making was broken off' };
    const witness = (await readable(signal)).find((entry) => isNameOf(vaultOf(name), entry.name));
    if (witness === undefined)
      return { kind: 'unknown', why: 'This TPM holds no key of this vault that would show it is the right one' };
    return { kind: 'absent', shownBy: `The TPM that holds "${witness.name}" has no such index` };
  };

  const keyOf = async (name: MasterKeyName, signal: AbortSignal): Promise<Buffer> => {
    const content = await contentOf(name, signal);
    if (content.kind !== 'master') throw notUsable(name, await presenceOf(name, content, signal));
    return content.key;
  };

  const factsOf = async (signal: AbortSignal): Promise<ProviderFacts> => {
    const { endorsementKey, manufacturer } = await indexes.identity(signal);
    const emulated = config.hardware === undefined ? emulators.has(manufacturer) : config.hardware === 'emulated';
    return {
      kind: 'tpm',
      identity: `tpm ${manufacturer} ek-sha256 ${endorsementKey}`,
      algorithm: 'AES-256-GCM, key in an NV index',
      exportable: true,
      usableByAClone: emulated,
      destruction: emulated ? 'not-provable' : 'provable',
      notPromised: [
        ...(emulated
          ? ['The state of a virtual TPM is a file of its host: a copy or snapshot of it still holds the key']
          : []),
        'Whoever was root on the machine while the key was in use could have read it',
      ],
      maxMasters,
    };
  };

  let known: ProviderFacts | undefined;

  return {
    facts: factsOf,

    async create(name, signal) {
      requireName(name);
      const handle = handleOf(name);
      const found = await contentOf(name, signal);
      if (found.kind === 'foreign')
        throw refused(`Cannot make master key "${name}": index ${formatHandle(handle)} is another’s`);
      if (found.kind === 'missing') {
        const used = (await indexes.list(signal)).length;
        if (used >= maxMasters)
          throw refused(`Cannot make master key "${name}": the TPM holds ${used} already`, 'destroy retired ones');
      }
      if (found.kind === 'missing' || found.kind === 'unwritten') {
        await indexes.define(handle, signal);
        const key = await indexes.random(32, signal);
        // Neither of the two sources alone decides.
        for (const [at, byte] of random(32).entries()) key[at] = (key[at] ?? 0) ^ byte;
        await indexes.write(handle, formatNvMaster(name, key), signal);
        key.fill(0);
      }
      // Two may have written: what stands there once it is locked is the key.
      if (found.kind !== 'closed') await indexes.lock(handle, signal);
      await keyOf(name, signal);
      return { name, reference: formatHandle(handle) };
    },

    async list(vault, signal) {
      const found = await readable(signal);
      if (found.some(({ content }) => content.kind === 'closed')) {
        throw refused('Cannot list master keys: the TPM’s registers (PCRs) are not as when they were made');
      }
      return found
        .filter(({ name }) => isNameOf(vault, name))
        .map(({ name, handle }) => ({ name, reference: formatHandle(handle), presence: { kind: 'usable' } as const }));
    },

    find: async (name, signal) =>
      presenceOrUnknown(async () => presenceOf(name, await contentOf(name, signal), signal)),

    async wrap({ name }, plain, context, signal) {
      const key = await keyOf(name, signal);
      const wrapped = createWrapper(key, random).wrap(plain, boundTo(name, context));
      key.fill(0);
      return wrapped;
    },

    async unwrap({ name }, wrapped, context, signal) {
      const key = await keyOf(name, signal);
      try {
        return createWrapper(key, random).unwrap(wrapped, boundTo(name, context));
      } catch (error) {
        throw unsealFailed(name, error);
      } finally {
        key.fill(0);
      }
    },

    async destroy(name, permit, signal) {
      requirePermit(name, permit);
      const handle = handleOf(name);
      const found = await contentOf(name, signal);
      // What cannot be read now is told from another vault's by its handle alone; a key that was in use had the handle to itself.
      const ours =
        found.kind === 'master' ||
        found.kind === 'unwritten' ||
        (found.kind === 'closed' && permit.why !== 'never-used');
      if (found.kind === 'closed' && !ours)
        throw refused(`Cannot destroy master key "${name}": it cannot be read, so whose it is is not known`);
      const done: string[] = [];
      if (ours) {
        await indexes.undefine(handle, signal);
        done.push(`TPM2_NV_UndefineSpace of ${formatHandle(handle)} was carried out`);
      }
      const left = await contentOf(name, signal);
      done.push(`TPM2_GetCapability lists ${left.kind === 'missing' ? 'no' : 'an'} index ${formatHandle(handle)}`);
      const gone: Presence = { kind: 'absent', shownBy: 'The TPM had the index, undefined it and no longer lists it' };
      const presence = ours && left.kind === 'missing' ? gone : await presenceOf(name, left, signal);
      known ??= await factsOf(signal);
      return { name, presence, done, notPromised: known.notPromised, providerTimeMs: undefined };
    },

    close: async () => undefined,
  };
}

function boundTo(name: MasterKeyName, context: WrapContext): string {
  return `${name}\n${contextBytes(context).toString('utf8')}`;
}
