export { ArchiveError } from '../errors.ts';
export { readBucketAddress } from './bucket-address.ts';
export type { BucketAddress } from './bucket-address.ts';
export { openBucketSource } from './bucket-source.ts';
export type { ArchiveSource } from './bucket-source.ts';
export { fetchArchive } from './fetch-archive.ts';
export type { FetchedArchive } from './fetch-archive.ts';
