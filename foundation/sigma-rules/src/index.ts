export { parseSigmaRules } from './parse-rules.ts';
export type { ParsedSigmaRules, SigmaParseOptions } from './parse-rules.ts';
export { composeRuleSet, loadSigmaRuleSet } from './rule-set.ts';
export type { SigmaRuleSet, SigmaRuleSetOptions, SigmaSource } from './rule-set.ts';
export type { SigmaFilter } from './filter.ts';
export { foldFilter } from './fold-filters.ts';
export type { SigmaFieldMapping } from './field-mapping.ts';
export type {
  CorrelationBound,
  CorrelationCondition,
  CorrelationMember,
  CorrelationType,
  FieldNames,
  ResolvedCorrelation,
  SigmaCorrelation,
} from './correlation.ts';
export type { RefusalCode, SigmaRefusal } from './refusal.ts';
export type { SigmaLevel, SigmaLogSource, SigmaRule, SigmaStatus } from './rule.ts';
export type { Detection, DetectionItem, ValueTest } from './detection.ts';
export type { Condition } from './condition.ts';
export type { PatternToken } from './wildcard.ts';
export { fieldValueOf, sigmaEventOf } from './event-view.ts';
export type { FieldValue, SigmaEvent } from './event-view.ts';
export { isFromLogSource, logSourceOf, logSourceOfEvent, matchesLogSource } from './log-source.ts';
export type { EventLogSource } from './event-log-source.ts';
export {
  compileExceptionCondition,
  compileGroupCondition,
  exactTextsOf,
  mayMeanText,
  exceptionConditionLimits,
  parseExceptionCondition,
} from './rule-exception.ts';
export type { ParsedExceptionCondition, SigmaExceptionCondition } from './rule-exception.ts';
export { compileRule } from './compile-rule.ts';
export type { CompiledRule, MatchedField } from './compile-rule.ts';
export { createFullScan } from './full-scan.ts';
export type { FullScan, RuleMatch } from './full-scan.ts';
export { createIndexedMatcher } from './indexed/indexed-matcher.ts';
export type { GivenWithRecord, IndexedMatcher, IndexedMatcherOptions, IndexedScan } from './indexed/indexed-matcher.ts';
export type { MatchingCosts } from './indexed/cost-samples.ts';
export { attackOf } from './attack.ts';
export type { AttackReference } from './attack.ts';
export type { JsonObject, JsonScalar, JsonValue } from './json.ts';
export { defineCorrelations, leastCount } from './correlate/definition.ts';
export type { CorrelationDefinition } from './correlate/definition.ts';
export { createCorrelationEngine } from './correlate/engine.ts';
export { defaultCorrelationLimits } from './correlate/engine-types.ts';
export type {
  CorrelationEngine,
  CorrelationEvent,
  CorrelationFinding,
  CorrelationHealth,
  CorrelationLimits,
  CorrelationMatch,
  EngineChanges,
  TimeGoneOn,
} from './correlate/engine-types.ts';
export type { ChainedCount, EventPosition, GroupName, GroupState } from './correlate/group-state.ts';
export type { SourceState } from './correlate/source-clock.ts';
export { createCorrelationGroups } from './correlate/correlation-groups.ts';
export type { CorrelationGroup, CorrelationGroups } from './correlate/correlation-groups.ts';
