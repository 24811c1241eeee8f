/** MITRE ATT&CK references of a rule. */
export type AttackReference = {
  /** As tagged, with hyphens: `credential-access`. */
  readonly tactics: readonly string[];
  /** `T1003` or `T1003.001`. */
  readonly techniques: readonly string[];
};

/**
 * Tactic names. `stealth` and `defense-impairment` are the two into which `defense-evasion` was divided; rules carry
 * either, so all three are known.
 */
const tactics: ReadonlySet<string> = new Set([
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'stealth',
  'defense-impairment',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
  'impair-process-control',
  'inhibit-response-function',
  'evasion',
  'network-effects',
  'remote-service-effects',
]);

/** The tactics and techniques among Sigma tags (`attack.t1059.001`, `attack.credential-access`), each once, in their order. */
export function attackOf(tags: readonly string[]): AttackReference {
  const foundTactics = new Set<string>();
  const foundTechniques = new Set<string>();
  for (const tag of tags) {
    const lower = tag.toLowerCase();
    if (!lower.startsWith('attack.')) continue;
    const name = lower.slice('attack.'.length);
    const tactic = name.replaceAll('_', '-');
    if (tactics.has(tactic)) foundTactics.add(tactic);
    else if (/^t\d{4}(\.\d{3})?$/.test(name)) foundTechniques.add(name.toUpperCase());
  }
  return { tactics: [...foundTactics], techniques: [...foundTechniques] };
}
