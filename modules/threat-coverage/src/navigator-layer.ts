import type { Coverage, TechniqueCoverage, Verdict } from './coverage.ts';

/** A layer for MITRE's ATT&CK Navigator, format 4.5 (mitre-attack/attack-navigator, layers/spec/v4.5/layerformat.md). */
export type NavigatorLayer = {
  readonly name: string;
  readonly versions: { readonly attack: string; readonly navigator: string; readonly layer: '4.5' };
  readonly domain: string;
  readonly description: string;
  readonly sorting: 0;
  readonly layout: {
    readonly layout: 'side';
    readonly showID: true;
    readonly showName: true;
    readonly expandedSubtechniques: 'annotated';
  };
  readonly hideDisabled: false;
  readonly techniques: readonly LayerTechnique[];
  readonly gradient: { readonly colors: readonly string[]; readonly minValue: 0; readonly maxValue: 100 };
  readonly legendItems: readonly { readonly label: string; readonly color: string }[];
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
};

type LayerTechnique = {
  readonly techniqueID: string;
  readonly score: number;
  readonly color: string;
  readonly comment: string;
  readonly metadata: readonly { readonly name: string; readonly value: string }[];
};

const shown: Readonly<Record<Verdict, { readonly score: number; readonly color: string; readonly label: string }>> = {
  watched: { score: 100, color: '#3aa675', label: 'watched: rules, and their data arrives' },
  weak: { score: 60, color: '#b9d67a', label: 'weak: only weak rules have data' },
  blind: { score: 20, color: '#e8a33d', label: 'blind: rules, but no data' },
  none: { score: 0, color: '#ffffff', label: 'no rule' },
};

/** Techniques without a rule are left out: the Navigator shows them uncoloured. */
export function navigatorLayer(coverage: Coverage, about: { nowMs: number; windowDays: number }): NavigatorLayer {
  const { framework, counts } = coverage;
  const made = new Date(about.nowMs).toISOString();
  return {
    name: `Sallyport coverage, ${made.slice(0, 10)}`,
    versions: { attack: framework.version.split('.')[0] ?? '', navigator: '5.0.0', layer: '4.5' },
    domain: framework.id === 'attack' ? 'enterprise-attack' : 'atlas-atlas',
    description: `${framework.name} ${framework.version}: techniques by rules in force and by data that arrived in the last ${about.windowDays} days. ${counts.watched} watched, ${counts.weak} weak, ${counts.blind} blind, ${counts.none} without a rule.`,
    sorting: 0,
    layout: { layout: 'side', showID: true, showName: true, expandedSubtechniques: 'annotated' },
    hideDisabled: false,
    techniques: coverage.techniques.filter(({ verdict }) => verdict !== 'none').map(layerTechnique),
    gradient: { colors: ['#ffffff', '#e8a33d', '#3aa675'], minValue: 0, maxValue: 100 },
    legendItems: (['watched', 'weak', 'blind'] as const).map((verdict) => {
      const { label, color } = shown[verdict];
      return { label, color };
    }),
    metadata: [
      { name: 'Made', value: made },
      { name: 'Rules in force', value: String(coverage.rules) },
    ],
  };
}

function layerTechnique({ technique, verdict, rules, findingsInMonth }: TechniqueCoverage): LayerTechnique {
  const withData = rules.filter(({ data }) => data.hasData).length;
  return {
    techniqueID: technique.id,
    score: shown[verdict].score,
    color: shown[verdict].color,
    comment: `${verdict}: ${withData} of ${rules.length} rules have data`,
    metadata: [
      { name: 'Rules', value: String(rules.length) },
      { name: 'Rules with data', value: String(withData) },
      { name: 'Findings in 30 days', value: String(findingsInMonth) },
    ],
  };
}
