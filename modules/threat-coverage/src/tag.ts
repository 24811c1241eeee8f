import type { FrameworkId } from './framework.ts';

/** What a tag of a rule says in a framework. */
export type ReadTag =
  | { readonly kind: 'technique'; readonly framework: FrameworkId; readonly id: string }
  | { readonly kind: 'tactic'; readonly framework: FrameworkId; readonly shortName: string }
  /** Of the framework's name space, but none of its forms. */
  | { readonly kind: 'unknown'; readonly framework: FrameworkId }
  /** A group, a piece of software, a campaign, a data source: no technique, and none of our business. */
  | { readonly kind: 'other' };

/** Tactics by the name they had before: ATT&CK 19 divided Defense Evasion and gave its id to Stealth; ATLAS renamed one. */
const formerTactics: Readonly<Record<FrameworkId, ReadonlyMap<string, string>>> = {
  attack: new Map([['defense-evasion', 'stealth']]),
  atlas: new Map([
    ['ai-attack-staging', 'ai-attack-adaptation'],
    ['ml-attack-staging', 'ai-attack-adaptation'],
    ['ml-model-access', 'ai-model-access'],
  ]),
};

/**
 * Sigma tags: `attack.t1059.001`, `attack.credential-access`; for ATLAS `atlas.aml.t0051.001` (or `atlas.t0051.001`),
 * `atlas.exfiltration`. Whether a table knows the id is another question.
 */
export function readTag(tag: string, tactics: Readonly<Record<FrameworkId, ReadonlySet<string>>>): ReadTag {
  const lower = tag.toLowerCase();
  const dot = lower.indexOf('.');
  const space = lower.slice(0, Math.max(0, dot));
  const name = lower.slice(dot + 1);
  if (space !== 'attack' && space !== 'atlas') return { kind: 'other' };
  const technique = (space === 'attack' ? /^t\d{4}(?:\.\d{3})?$/ : /^(?:aml\.)?(t\d{4}(?:\.\d{3})?)$/).exec(name);
  if (technique !== null) {
    const id = space === 'attack' ? name.toUpperCase() : `AML.${(technique[1] ?? '').toUpperCase()}`;
    return { kind: 'technique', framework: space, id };
  }
  const plain = name.replaceAll('_', '-');
  const shortName = formerTactics[space].get(plain) ?? plain;
  if (tactics[space].has(shortName)) return { kind: 'tactic', framework: space, shortName };
  if (space === 'attack' && /^(?:[gscm]\d{4}|ds\d{4}|dc\d{4}|ta\d{4})$/.test(name)) return { kind: 'other' };
  if (space === 'atlas' && /^(?:aml\.)?(?:ta|cs|m)\d{4}$/.test(name)) return { kind: 'other' };
  return { kind: 'unknown', framework: space };
}
