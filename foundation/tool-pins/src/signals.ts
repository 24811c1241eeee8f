/**
 * Wording by which a description speaks to the model instead of about its tool. Weak evidence, for people and in the record: an honest tool
 * may say any of it, and whoever attacks can say it otherwise. Never what lets something through.
 */
export const signalKinds = [
  'overrides',
  'secrecy',
  'precondition',
  'command',
  'markup',
  'credentials',
  'conversation',
  'sends',
  'encoded',
] as const;
export type SignalKind = (typeof signalKinds)[number];

export type Signal = {
  readonly kind: SignalKind;
  readonly start: number;
  readonly length: number;
};

/** Each gap is bounded, so that time is linear in the text. */
const patterns: readonly (readonly [SignalKind, RegExp])[] = [
  [
    'overrides',
    /\b(?:ignore|disregard|forget|override)\b[^]{0,30}?\b(?:previous|prior|above|earlier|other|all|any|your)\b[^]{0,30}?\b(?:instructions?|rules?|prompts?|guidelines?|policies|tools?)\b/gi,
  ],
  [
    'secrecy',
    /\b(?:do not|don['’]t|never|must not|without)\b[^]{0,20}?\b(?:tell|telling|mention|mentioning|inform|informing|notify|notifying|show|showing|reveal|revealing|disclose|disclosing|ask|asking)\b[^]{0,30}?\b(?:user|person|human|anyone|anybody|them)\b/gi,
  ],
  [
    'precondition',
    /\b(?:before|prior to|whenever|when|after|every time|instead of)\b[^]{0,20}?\b(?:us(?:e|es|ing)|call(?:s|ing|ed)?|invok(?:e|es|ing|ed)|running)\b[^]{0,30}?\btools?\b/gi,
  ],
  [
    'command',
    /\b(?:you|the (?:model|assistant|agent|ai))\b[^]{0,10}?\b(?:must|shall|have to|should always|are required to)\b|\b(?:it is )?(?:very |extremely )?(?:important|mandatory|critical|essential)\b[^]{0,20}?\b(?:that )?(?:you|to)\b/gi,
  ],
  [
    'markup',
    /<\/?\s{0,3}(?:important|system|instructions?|secret|assistant|admin|hidden|critical)\b[^>]{0,40}>|\[\/?INST\]|<\|[a-z_]{1,20}\|>/gi,
  ],
  [
    'credentials',
    /~?\/?\.(?:ssh|aws|gnupg|kube|netrc|npmrc|pypirc|docker)\b|\bid_(?:rsa|ed25519|ecdsa)\b|(?:^|[\s"'`/])\.env\b|\/etc\/(?:passwd|shadow)\b|\bmcp\.json\b|\b(?:private|secret) keys?\b|\bapi[ _-]?keys?\b/gi,
  ],
  [
    'conversation',
    /\b(?:entire|full|whole|complete|previous|all)\b[^]{0,15}?\b(?:conversation|chat (?:history|log)|context window|messages so far)\b|\bsystem prompt\b/gi,
  ],
  [
    'sends',
    /\b(?:send|forward|post|upload|copy|cc|bcc|e-?mail|exfiltrate)\b[^]{0,60}?(?:https?:\/\/|[\w.+-]{1,64}@[\w-]{1,63}\.)/gi,
  ],
  ['encoded', /[A-Za-z0-9+/=_-]{120,}/g],
];

const maxSignals = 50;
/** What is read of one text. */
const longestRead = 64 * 1024;

export function signalsIn(text: string): Signal[] {
  const read = text.slice(0, longestRead);
  const found = patterns.flatMap(([kind, pattern]) =>
    [...read.matchAll(pattern)]
      .slice(0, maxSignals)
      .map(({ 0: said, index }) => ({ kind, start: index, length: said.length })),
  );
  return found.toSorted((a, b) => a.start - b.start).slice(0, maxSignals);
}
