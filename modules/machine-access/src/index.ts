export { MachineAccessError, machineAccessProblems } from './errors.ts';
export { createMachineAccess } from './machine-access.ts';
export type { MachineAccess } from './machine-access.ts';
export { machineAccessMigrations } from './migrations/0001-create-machine-access.ts';
export type { MachineAccessNeeds } from './needs.ts';
export { isMachineToken } from './tokens/token-text.ts';
