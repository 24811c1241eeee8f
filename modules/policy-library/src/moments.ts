import type { Question } from './question.ts';

/** How things can be, that policies may ask about. */
export type Moment = {
  /** In words, after what is said: "… at 3 in the morning". */
  readonly when: string;
  readonly facts: NonNullable<Question['facts']>;
  readonly assurance?: 3;
};

const usual: readonly (Moment & { readonly attribute: string })[] = [
  { when: 'at a risk of 95', attribute: 'risk', facts: { risk: 95 } },
  { when: 'with a passkey', attribute: 'assurance', facts: {}, assurance: 3 },
  { when: 'at 3 in the morning', attribute: 'hour', facts: { hour: 3 } },
  { when: 'at 8 in the morning', attribute: 'hour', facts: { hour: 8 } },
  { when: 'at 8 in the evening', attribute: 'hour', facts: { hour: 20 } },
  { when: 'on a Sunday', attribute: 'weekday', facts: { weekday: 7 } },
  { when: 'from another network', attribute: 'address', facts: { address: '203.0.113.9' } },
];
const maxAddresses = 8;

/** Those the organisation's texts speak of, each tried by itself; every network that is named there among them. */
export function momentsOf(texts: string): readonly Moment[] {
  const addresses = [...texts.matchAll(/\bip\("([0-9A-Fa-f:.]+)(?:\/\d+)?"\)/g)].flatMap(
    ([, address]) => address ?? [],
  );
  return [
    ...usual.filter(({ attribute }) => texts.includes(attribute)).map(({ attribute: _attribute, ...moment }) => moment),
    ...[...new Set(addresses)]
      .slice(0, maxAddresses)
      .map((address) => ({ when: `from ${address}`, facts: { address } })),
  ];
}
