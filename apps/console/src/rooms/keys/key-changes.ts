import type { KeyState, VaultKey } from './vault-query.ts';

export type ChangeWords = {
  /** On the button; the dialog repeats it with the key's name. */
  readonly verb: string;
  readonly isFinal: boolean;
  readonly points: readonly string[];
};

/** What it means to put a key into another state, before it is done. */
export function changeWords(key: Pick<VaultKey, 'level' | 'purpose' | 'state'>, to: KeyState): ChangeWords {
  switch (to) {
    case 'suspended':
      return {
        verb: 'Suspend',
        isFinal: false,
        points: [
          'What it sealed still opens; nobody notices.',
          'What is recorded next of this class and day is sealed with a new key.',
          'You can let it be used again at any time.',
        ],
      };
    case 'active':
      return {
        verb: key.state === 'suspended' ? 'Use again' : 'Take into use',
        isFinal: false,
        points: [
          'What is recorded next of this class and day is sealed with it.',
          'The key that is in use for them now is retired: it opens what it sealed, and nothing else.',
        ],
      };
    case 'retired':
      return {
        verb: 'Retire',
        isFinal: true,
        points: [
          'What it sealed still opens.',
          'What is recorded next of this class and day is sealed with a new key.',
          'It cannot be taken into use again.',
        ],
      };
    case 'compromised':
      return { verb: 'Mark as compromised', isFinal: true, points: compromisedPoints(key) };
    case 'created':
    case 'destroyed':
      return { verb: to === 'created' ? 'Set back' : 'Destroy', isFinal: true, points: [] };
  }
}

function compromisedPoints({ level, purpose }: Pick<VaultKey, 'level' | 'purpose'>): string[] {
  const last = 'It is shown so from then on, in every list; this cannot be taken back.';
  if (level === 'epoch')
    return [
      'Everything goes on: what hangs under it still opens.',
      'Whoever has its master key and a copy of the vault can read everything. Make a new epoch next, best under another provider.',
      last,
    ];
  if (level === 'purpose')
    return [
      'Everything goes on: what hangs under it still opens.',
      'Replace the key of this purpose next; its data keys are wrapped again under the new one.',
      last,
    ];
  if (purpose === 'block-data')
    return [
      'What it sealed still opens, and is to be taken for known to somebody else.',
      'What is recorded next of this class and day is sealed with a new key.',
      last,
    ];
  if (purpose === 'log-signing')
    return [
      'The log goes on being signed with it: the key of a log is never replaced, the next log has its own.',
      'Checkpoints that no witness has cosigned are worth no more than the word of whoever holds the key.',
      last,
    ];
  return [
    'It stays in use: there is exactly one of its kind.',
    'What it protects is to be replaced where it is used, such as a password or a certificate.',
    last,
  ];
}

/** What can be replaced from the side of this key; undefined where nothing is to replace. */
export function rotationOf(
  key: Pick<VaultKey, 'level' | 'purpose' | 'label' | 'state'>,
): { readonly verb: string; readonly points: readonly string[] } | undefined {
  if (key.level === 'epoch')
    return {
      verb: 'Make a new epoch',
      points: [
        'New purpose keys are made under a new master key, and every data key is wrapped again.',
        'Nothing stops meanwhile. It takes effect in one write; a crash before leaves everything as it is.',
        'The former epoch is kept, retired, so that older copies of the vault still open. Make a new copy afterwards.',
      ],
    };
  if (key.level === 'purpose')
    return {
      verb: 'Replace this key',
      points: [
        'A new key is made for this purpose, and the data keys under it are wrapped again.',
        'The data keys stay the same: what they sealed is not touched.',
      ],
    };
  if (key.purpose !== 'block-data' || key.state !== 'active') return undefined;
  return {
    verb: 'Replace this key',
    points: [
      'What is recorded from now on, of this class and day, is sealed with a new key.',
      'What was recorded before opens with the former one, which is retired.',
    ],
  };
}
