import type { Question } from './question.ts';

/** How things can be, that policies may ask about. */
export type Moment = {
  /** In words, after what is said: "… at 3 in the morning". */
  readonly when: string;
  readonly facts: NonNullable<Question['facts']>;
  readonly assurance?: 3;
  /** Who vouched for them. */
  readonly provider?: string;
  /** Of what stands at a site: one thing rather than the whole. */
  readonly about?: { readonly kind: 'camera' | 'device'; readonly id: string };
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
const maxNamed = 8;

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
    ...providersIn(texts).map((provider) => ({ when: `signed in with provider ${provider}`, facts: {}, provider })),
    ...thingsIn(texts),
  ];
}

/** Ids of providers that are written out. */
function providersIn(texts: string): readonly string[] {
  if (!texts.includes('provider')) return [];
  const named = [...texts.matchAll(/\bprovider\s*[!=]=\s*"([^"\\]{1,64})"/g)].flatMap(([, id]) => id ?? []);
  return [...new Set([...named, 'another'])].filter((id) => id !== 'local').slice(0, maxNamed);
}

/** Any camera or device, where they are spoken of, and those that are named. */
function thingsIn(texts: string): readonly Moment[] {
  return (['camera', 'device'] as const).flatMap((kind) => {
    const type = kind === 'camera' ? 'Camera' : 'Device';
    if (!texts.includes(`Sallyport::${type}`)) return [];
    const named = [...texts.matchAll(new RegExp(`Sallyport::${type}::"([^"\\\\]{1,200})"`, 'g'))];
    const ids = [...new Set(named.flatMap(([, id]) => id ?? []))].slice(0, maxNamed);
    return [
      { when: `about a ${kind}`, facts: {}, about: { kind, id: '' } },
      ...ids.map((id) => ({ when: `about ${kind} ${id}`, facts: {}, about: { kind, id } })),
    ];
  });
}
