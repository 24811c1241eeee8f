export { createArchive } from './archive.ts';
export type { Archive } from './archive.ts';
export type { ArchiveReport } from './archive-report.ts';
export { ArchiveError, archiveProblems } from './errors.ts';
export { archiveMigrations } from './migrations/migrations.ts';
export type { ArchiveNeeds, HeldRange, Holds, VaultFile } from './needs.ts';
export { openArchivePlace } from './open-place.ts';
export { createArchiveRoutes } from './routes.ts';
