export { createBehaviour } from './behaviour.ts';
export type { Behaviour, BehaviourHealth, RiskFact } from './behaviour.ts';
export { behaviourMigrations } from './entity-store.ts';
export { BehaviourError, behaviourProblems } from './errors.ts';
export type { BehaviourErrorCode } from './errors.ts';
export type { BehaviourNeeds } from './needs.ts';
export { createBehaviourRoutes } from './routes.ts';
