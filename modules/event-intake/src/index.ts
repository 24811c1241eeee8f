export { EventIntakeError, eventIntakeProblems } from './errors.ts';
export type { EventIntakeErrorCode } from './errors.ts';
export { createEventIntake } from './event-intake.ts';
export type { EventIntake, IntakeReply, IntakeRequest } from './event-intake.ts';
export type { IntakeLimits } from './limits.ts';
export { eventIntakeMigrations } from './migrations/migrations.ts';
export type { EventIntakeNeeds } from './needs.ts';
export { createEventIntakeRoutes } from './routes.ts';
