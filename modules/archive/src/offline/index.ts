export { ArchiveError } from '../errors.ts';
export type { ArchiveErrorCode } from '../errors.ts';
export { restoreArchive } from './restore-archive.ts';
export type { RestoredArchive, RestoredLog } from './restore-archive.ts';
export { verifyArchive } from './verify-archive.ts';
export type { VerifiedArchive } from './verify-archive.ts';
export type { LogVerification } from './verify-log.ts';
