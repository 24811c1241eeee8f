import type { RecordPlace } from './segment-files.ts';

/** One block as the index knows it. Block `first` covers the indexes first … first+eventCount, the last its own leaf. */
export type IndexedBlock = RecordPlace & {
  readonly first: number;
  readonly eventCount: number;
  readonly receivedAtMs: number;
  /** The key its content is sealed under. */
  readonly dataKeyId: string;
};

/** A block as it is found again; by which key it is sealed stands in its header. */
export type FoundBlock = Omit<IndexedBlock, 'dataKeyId'>;
