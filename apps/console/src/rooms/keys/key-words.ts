import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';
import { formatSpan } from '../../parts/span.ts';
import type { KeyState, Provider, ProviderKind, Rotation, VaultKey } from './vault-query.ts';

export type KeyTone = 'good' | 'warn' | 'bad' | 'quiet';

export const stateWords: Readonly<Record<KeyState, { readonly word: string; readonly tone: KeyTone }>> = {
  created: { word: 'Not in use yet', tone: 'quiet' },
  active: { word: 'In use', tone: 'good' },
  suspended: { word: 'Suspended', tone: 'warn' },
  retired: { word: 'Retired', tone: 'quiet' },
  compromised: { word: 'Compromised', tone: 'bad' },
  destroyed: { word: 'Destroyed', tone: 'quiet' },
};

/** What a state allows, in one sentence. */
export const stateMeaning: Readonly<Record<KeyState, string>> = {
  created: 'Made, and waits to be taken into use.',
  active: 'Seals what is new and opens what it sealed.',
  suspended: 'Opens what it sealed. What is new gets another key, until this one is used again.',
  retired: 'Opens what it sealed, and seals nothing any more.',
  compromised: 'Somebody may know it. It opens what it sealed; what it protects is to be encrypted anew.',
  destroyed: 'Its bytes are gone; this record of it is left.',
};

/** The worst first: what a group of keys is shown as. */
const worstFirst: readonly KeyState[] = ['compromised', 'suspended', 'active', 'created', 'retired', 'destroyed'];

/** How many keys are in each state, worst first, without those that none is in. */
export function countStates(keys: readonly Pick<VaultKey, 'state'>[]): readonly { state: KeyState; count: number }[] {
  return worstFirst
    .map((state) => ({ state, count: keys.filter((key) => key.state === state).length }))
    .filter(({ count }) => count > 0);
}

const purposes: Readonly<Record<string, { readonly name: string; readonly one: string; readonly what: string }>> = {
  'block-data': {
    name: 'Recorded entries',
    one: 'Entries',
    what: 'encrypts what is recorded, with a key for each class and day',
  },
  'log-signing': { name: 'Signatures of logs', one: 'Signature', what: 'signs the checkpoints of each log' },
  'stream-name': { name: 'Names of streams', one: 'Names', what: 'hides in the ledger who has sent' },
  secret: { name: 'Secrets of the server', one: 'Secret', what: 'keeps what the server process asks for by name' },
  'subject-page': {
    name: 'People',
    one: 'People',
    what: 'wraps a key for each person whose data is declared personal',
  },
};

export function purposeName(purpose: string | undefined): string {
  return purposes[purpose ?? '']?.name ?? purpose ?? '';
}

export function purposeWhat(purpose: string | undefined): string {
  return purposes[purpose ?? '']?.what ?? '';
}

/** `Epoch 2`, `Recorded entries`, `events, Nov 22, 2026`, `identity/columns`; days as they are written here. */
export function keyTitle({
  level,
  version,
  purpose,
  label,
}: Pick<VaultKey, 'level' | 'version' | 'purpose' | 'label'>): string {
  if (level === 'epoch') return `Epoch ${version}`;
  if (level === 'purpose') return purposeName(purpose);
  const { group, day } = labelParts(label);
  return day === undefined ? label : `${group}, ${formatDay(day)}`;
}

/** A label of blocks names a class and a day; others are a name. */
export function labelParts(label: string): { readonly group: string; readonly day: string | undefined } {
  const [, group = label, day] = /^(.+)\/(\d{4}-\d{2}-\d{2})$/.exec(label) ?? [];
  return { group, day };
}

const epochStages: Readonly<Record<string, string>> = {
  creating: 'is being made',
  condemned: 'is to be destroyed',
  destroying: 'is being destroyed',
  pending: 'is to be destroyed by its provider, which waits some days',
};

/** What an epoch's state does not say; undefined when it says all. */
export function stageWords(stage: string | undefined): string | undefined {
  return stage === undefined ? undefined : epochStages[stage];
}

export const providerNames: Readonly<Record<ProviderKind, string>> = {
  'sealed-file': 'Sealed file',
  tpm: 'TPM of this machine',
  pkcs11: 'Security module (PKCS #11)',
  transit: 'OpenBao or Vault',
  'aws-kms': 'AWS KMS',
};

export type Promised = { readonly tone: KeyTone; readonly word: string; readonly text: string };

/** What the destruction of a master key is worth at a provider. */
export function promiseOf(provider: Provider): Promised {
  if ('unreachable' in provider)
    return {
      tone: 'warn',
      word: 'Does not answer',
      text: 'Until it answers nobody can say what a destruction there is worth, and keys under it alone cannot be opened at a start.',
    };
  switch (provider.destruction) {
    case 'provable':
      return {
        tone: 'good',
        word: 'Destruction can be proved',
        text: 'The master key exists there and nowhere else. Once it is destroyed, every older copy of the vault is worthless.',
      };
    case 'delayed':
      return {
        tone: 'warn',
        word: 'Destruction takes days',
        text: 'The master key cannot be used from the moment it is destroyed, and can be brought back until the provider’s waiting time is over.',
      };
    case 'reversible':
      return {
        tone: 'warn',
        word: 'Destruction can be undone',
        text: 'Whoever runs this provider can bring a destroyed master key back.',
      };
    case 'not-provable':
      return provider.kind === 'sealed-file'
        ? {
            tone: 'warn',
            word: 'Destruction cannot be promised',
            text: 'A file can be copied without a trace. What is destroyed here is gone from this machine, and still readable for whoever kept an older copy of the vault together with the key file.',
          }
        : {
            tone: 'warn',
            word: 'Destruction cannot be promised',
            text: 'Copies of the master key may exist where nobody here can see them.',
          };
  }
}

/** The best that a destruction can promise as the vault stands: as little as the weakest provider in use does. */
export function weakestPromise(providers: readonly Provider[]): Promised | undefined {
  const used = providers.filter(({ isUsed }) => isUsed).map((provider) => promiseOf(provider));
  return used.find(({ tone }) => tone !== 'good') ?? used[0];
}

const levelWords: Readonly<Record<Rotation['level'], string>> = {
  epoch: 'A new epoch',
  purpose: 'A new key of a purpose',
  data: 'A new key for what is recorded next',
  columns: 'A new key for columns of the control database',
};

/** What a rotation goes through, counted. */
function countedWords(level: Rotation['level'], count: number): string {
  return level === 'columns' ? `${plural(count, 'row')} sealed anew` : `${plural(count, 'data key')} wrapped again`;
}

export type RotationWords = { readonly title: string; readonly text: string };

/** How far a rotation is, with the time left once it can be told. */
export function rotationWords(rotation: Rotation, nowMs: number): RotationWords {
  const { level, state, done, total, startedAtMs, endedAtMs, error } = rotation;
  switch (state) {
    case 'running': {
      const leftMs = done === 0 ? undefined : ((nowMs - startedAtMs) / done) * (total - done);
      const left = leftMs === undefined || done >= total ? '' : `, about ${formatSpan(leftMs)} left`;
      return {
        title: `${levelWords[level]} is being made`,
        text: `${done} of ${countedWords(level, total)}${left}. Nothing stops meanwhile, and you may leave this page.`,
      };
    }
    case 'failed':
      return {
        title: 'The rotation failed; the former keys stay in use',
        text: `${error ?? 'It is not known why'}. Nothing was changed. Remove the cause and start it again.`,
      };
    case 'done':
      return {
        title: `${levelWords[level]} is in use`,
        text: `${done === 0 ? '' : `${countedWords(level, done)} in ${formatSpan((endedAtMs ?? nowMs) - startedAtMs)}. `}${
          level === 'epoch'
            ? 'Older copies of the vault still open with the former master key: make a new copy of the directories “vault” and “vault-copy”.'
            : 'What was sealed before still opens.'
        }`,
      };
  }
}

const ownNames: ReadonlyMap<string, string> = new Map([
  ['vault', 'the vault itself'],
  ['local', 'the operator on this machine'],
]);

/** Who did something, by name where the name is known. */
export function whoWords(by: string, names: ReadonlyMap<string, string>): string {
  return names.get(by) ?? ownNames.get(by) ?? by;
}
