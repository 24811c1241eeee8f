/** A collection of techniques attackers use, as MITRE publishes it. Its table lies with the content of the product. */
export type Framework = {
  readonly id: FrameworkId;
  readonly name: string;
  readonly version: string;
  /** Where the table is from, and how complete it is. */
  readonly origin: string;
  readonly licence: string;
  /** In the order of the matrix. */
  readonly tactics: readonly Tactic[];
  readonly techniques: readonly Technique[];
};

export type FrameworkId = 'attack' | 'atlas';

export type Tactic = { readonly id: string; readonly shortName: string; readonly name: string };

/** `tactics` are short names; one that was withdrawn has none, and at most a successor. */
export type Technique = {
  readonly id: string;
  readonly name: string;
  readonly tactics: readonly string[];
  readonly isWithdrawn: boolean;
  readonly successor?: string;
};

/** `T1059` of `T1059.001`; undefined of what is no sub-technique. */
export function parentOf(id: string): string | undefined {
  return /^(.*T\d{4})\.\d{3}$/.exec(id)?.[1];
}

/** The technique that stands for an id now: itself, or at the end of those that gave way to one another. */
export function standingTechnique(byId: ReadonlyMap<string, Technique>, id: string): Technique | undefined {
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const technique = byId.get(at);
    if (technique?.isWithdrawn === false) return technique;
    at = technique?.successor;
  }
  return undefined;
}
