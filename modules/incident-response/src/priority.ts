import { findingLevels, isJsonObject, parseJson } from '@sallyport/contracts';
import type { FindingLevel, JsonValue } from '@sallyport/contracts';
import type { AlertEntities } from './entities.ts';

/** How much depends on an asset, from the least. */
const criticalities = ['low', 'normal', 'high', 'crown_jewel'] as const;
export type Criticality = (typeof criticalities)[number];

const assetKinds = ['person', 'host', 'camera', 'site'] as const;
type AssetKind = (typeof assetKinds)[number];
const riskKinds = ['user', 'host', 'camera', 'agent', 'key'] as const;
type RiskKind = (typeof riskKinds)[number];

/** What a priority rests on besides the level; asked for often: both answer from memory. */
export type PriorityFacts = {
  criticalityOf(kind: AssetKind, name: string): Criticality;
  /** 0 to 100; undefined where nothing is known. */
  riskOf(kind: RiskKind, name: string): number | undefined;
};

/** Of the assets and entities of an alert those that decide, without their names. */
export type PriorityBasis = {
  readonly criticality?: { readonly kind: AssetKind; readonly level: Criticality };
  readonly risk?: { readonly kind: RiskKind; readonly value: number };
};

/** How soon an alert should be looked at: 0 to 100. */
export type Priority = { readonly value: number; readonly basis: PriorityBasis };

/** What the level alone is worth. */
const levelPoints: Readonly<Record<FindingLevel, number>> = {
  informational: 5,
  low: 20,
  medium: 40,
  high: 60,
  critical: 80,
};
const criticalityFactors: Readonly<Record<Criticality, number>> = {
  low: 0.8,
  normal: 1,
  high: 1.15,
  crown_jewel: 1.3,
};
/** Of somebody at a risk of 100; in between in proportion. */
const mostRiskFactor = 1.25;

const noFacts: PriorityFacts = { criticalityOf: () => 'normal', riskOf: () => undefined };

/**
 * severity × criticality × risk, each factor told by `priorityWords`. The most critical asset and the entity most at risk decide: what is added to an
 * alert never lowers it. Risk only raises; the lowest criticality takes a fifth: no alert falls below `priorityFloor` of its level.
 */
export function priorityOf(level: FindingLevel, entities: AlertEntities, facts: PriorityFacts = noFacts): Priority {
  const criticality = greatest(assetsOf(entities), ({ kind, name }) => {
    const held = facts.criticalityOf(kind, name);
    return { kind, level: held, weight: criticalityFactors[held] };
  });
  const risk = greatest(atRiskOf(entities), ({ kind, name }) => {
    const value = Math.max(0, Math.min(100, Math.round(facts.riskOf(kind, name) ?? 0)));
    return { kind, value, weight: value };
  });
  const basis: PriorityBasis = {
    ...(criticality === undefined || criticality.level === 'normal'
      ? {}
      : { criticality: { kind: criticality.kind, level: criticality.level } }),
    ...(risk === undefined || risk.value === 0 ? {} : { risk: { kind: risk.kind, value: risk.value } }),
  };
  return { value: valueOf(level, basis), basis };
}

/** What an alert of this level is worth at least, whatever is said of its assets. */
export function priorityFloor(level: FindingLevel): number {
  return Math.round(levelPoints[level] * criticalityFactors.low);
}

/** As in "high severity (60) × crown jewel: camera (×1.3) × person at risk 82 (×1.21)"; its product, to 100 at most, is the priority. */
export function priorityWords(level: FindingLevel, { basis }: Priority): string {
  const { criticality, risk } = basis;
  return [
    `${level} severity (${levelPoints[level]})`,
    ...(criticality === undefined
      ? []
      : [`${criticalityWords[criticality.level]}: ${criticality.kind} (×${criticalityFactors[criticality.level]})`]),
    ...(risk === undefined ? [] : [`${riskWords[risk.kind]} at risk ${risk.value} (×${riskFactor(risk.value)})`]),
  ].join(' × ');
}

const criticalityWords: Readonly<Record<Criticality, string>> = {
  low: 'low criticality',
  normal: 'normal criticality',
  high: 'high criticality',
  crown_jewel: 'crown jewel',
};
const riskWords: Readonly<Record<RiskKind, string>> = {
  user: 'person',
  host: 'host',
  camera: 'camera',
  agent: 'agent',
  key: 'key',
};

/** As it is kept: holds no name. */
export function priorityBasisText({ basis }: Priority): string {
  return JSON.stringify(basis);
}

/** What was kept; what is no basis is an empty one, and the level counts alone. */
export function readPriority(level: FindingLevel, basisText: string | null): Priority {
  const basis = readBasis(basisText);
  return { value: valueOf(level, basis), basis };
}

function readBasis(text: string | null): PriorityBasis {
  if (text === null) return {};
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return {};
  }
  if (!isJsonObject(value)) return {};
  const { criticality, risk } = value;
  const assetKind = assetKinds.find((kind) => isJsonObject(criticality) && criticality['kind'] === kind);
  const level = criticalities.find((one) => isJsonObject(criticality) && criticality['level'] === one);
  const riskKind = riskKinds.find((kind) => isJsonObject(risk) && risk['kind'] === kind);
  const points = isJsonObject(risk) ? risk['value'] : undefined;
  return {
    ...(assetKind === undefined || level === undefined ? {} : { criticality: { kind: assetKind, level } }),
    ...(riskKind === undefined || typeof points !== 'number' || !(points >= 0 && points <= 100)
      ? {}
      : { risk: { kind: riskKind, value: points } }),
  };
}

/** Factors are rounded before they are multiplied: what is told is what is counted. */
function valueOf(level: FindingLevel, { criticality, risk }: PriorityBasis): number {
  const known = findingLevels.includes(level) ? levelPoints[level] : 0;
  const factor = criticalityFactors[criticality?.level ?? 'normal'] * riskFactor(risk?.value ?? 0);
  return Math.min(100, Math.round(known * factor));
}

function riskFactor(risk: number): number {
  return Math.round((1 + ((mostRiskFactor - 1) * risk) / 100) * 100) / 100;
}

function assetsOf({ user, host, camera, site }: AlertEntities) {
  // Of a camera's alert, what stands as host is the camera's name.
  return [
    ...named('camera', camera),
    ...named('host', camera === undefined ? host : undefined),
    ...named('person', user),
    ...named('site', site),
  ];
}

function atRiskOf({ user, host, camera, agent, identity }: AlertEntities) {
  // Of equal risk the first is told: of an agent's alert that is the agent, not whom it acts for.
  return [
    ...named('agent', agent),
    ...named('user', user),
    ...named('host', camera === undefined ? host : undefined),
    ...named('camera', camera),
    ...named('key', identity),
  ];
}

function named<Kind extends string>(kind: Kind, name: string | undefined): { kind: Kind; name: string }[] {
  return name === undefined || name === '' ? [] : [{ kind, name }];
}

/** The first of the greatest. */
function greatest<One, Weighed extends { readonly weight: number }>(
  all: readonly One[],
  weigh: (one: One) => Weighed,
): Weighed | undefined {
  let best: Weighed | undefined;
  for (const one of all) {
    const weighed = weigh(one);
    if (best === undefined || weighed.weight > best.weight) best = weighed;
  }
  return best;
}
