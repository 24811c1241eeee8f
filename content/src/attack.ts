import atlasTable from '../attack/atlas.json' with { type: 'json' };
import enterpriseTable from '../attack/enterprise.json' with { type: 'json' };

/** A table as it lies in `attack/`: written by `tools/generate-attack-tables.ts` from MITRE's own files. */
export type AttackTable = {
  readonly framework: string;
  readonly name: string;
  readonly version: string;
  /** Where the file was taken from, and how complete it is. */
  readonly origin: string;
  readonly licence: string;
  /** `ID|short name|name`, in the order of the matrix. */
  readonly tactics: readonly string[];
  /** `ID|name|` and then `tactic,tactic` by short name, `>ID` of what came in its place, or `-` where nothing did. */
  readonly techniques: readonly string[];
};

export type AttackTactic = { readonly id: string; readonly shortName: string; readonly name: string };

/** A technique that stands has tactics; one that was withdrawn has none, and at most a successor. */
export type AttackTechnique = {
  readonly id: string;
  readonly name: string;
  /** Short names. */
  readonly tactics: readonly string[];
  readonly isWithdrawn: boolean;
  readonly successor?: string;
};

export type AttackFramework = {
  readonly id: 'attack' | 'atlas';
  readonly name: string;
  readonly version: string;
  readonly origin: string;
  readonly licence: string;
  readonly tactics: readonly AttackTactic[];
  readonly techniques: readonly AttackTechnique[];
};

/** MITRE ATT&CK Enterprise and MITRE ATLAS. */
export function attackFrameworks(): readonly AttackFramework[] {
  return [attackFrameworkOf(enterpriseTable), attackFrameworkOf(atlasTable)];
}

/** Throws `RangeError` for a table that does not hold together: ids twice, unknown tactics, parents or successors. */
export function attackFrameworkOf(table: AttackTable): AttackFramework {
  const { framework, name, version, origin, licence } = table;
  if (framework !== 'attack' && framework !== 'atlas') throw new RangeError(`Unknown framework "${framework}"`);
  if (version === '') throw new RangeError(`${name} has no version`);
  const tactics = table.tactics.map((text) => {
    const [id = '', shortName = '', tactic = ''] = text.split('|');
    return { id, shortName, name: tactic };
  });
  const techniques = table.techniques.map(techniqueOf);
  const shortNames = new Set(tactics.map(({ shortName }) => shortName));
  const byId = new Map(techniques.map((technique) => [technique.id, technique]));
  if (byId.size !== techniques.length) throw new RangeError(`${name} has a technique twice`);
  for (const technique of techniques) {
    const { id, isWithdrawn, successor } = technique;
    const parent = parentOf(id);
    if (!idForms[framework].test(id)) throw new RangeError(`"${id}" is no id of ${name}`);
    if (!isWithdrawn && technique.tactics.length === 0) throw new RangeError(`${id} has no tactic`);
    const strange = technique.tactics.find((tactic) => !shortNames.has(tactic));
    if (strange !== undefined) throw new RangeError(`${id} has tactic "${strange}", which is not there`);
    if (!isWithdrawn && parent !== undefined && byId.get(parent)?.isWithdrawn !== false)
      throw new RangeError(`${id} has no parent`);
    if (successor !== undefined && !byId.has(successor))
      throw new RangeError(`${id} gave way to ${successor}, which is not there`);
  }
  return { id: framework, name, version, origin, licence, tactics, techniques };
}

const idForms = { attack: /^T\d{4}(\.\d{3})?$/, atlas: /^AML\.T\d{4}(\.\d{3})?$/ } as const;

/** `T1059` of `T1059.001`; undefined of what is no sub-technique. */
function parentOf(id: string): string | undefined {
  return /^(.*T\d{4})\.\d{3}$/.exec(id)?.[1];
}

function techniqueOf(text: string): AttackTechnique {
  const [id = '', name = '', state = ''] = text.split('|');
  if (state === '-') return { id, name, tactics: [], isWithdrawn: true };
  if (state.startsWith('>')) return { id, name, tactics: [], isWithdrawn: true, successor: state.slice(1) };
  return { id, name, tactics: state === '' ? [] : state.split(','), isWithdrawn: false };
}
