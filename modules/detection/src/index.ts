export { createDetection } from './detection.ts';
export type { Detection, DetectionHealth } from './detection.ts';
export { detectionMigrations } from './cursor.ts';
export { DetectionError, detectionProblems } from './errors.ts';
export type { DetectionErrorCode } from './errors.ts';
export type { RuleRefusal, RuleSet, RuleSummary } from './match-protocol.ts';
export type { DetectionNeeds, RuleDirectory } from './needs.ts';
export { createDetectionRoutes } from './routes.ts';
