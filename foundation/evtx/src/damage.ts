/** What is wrong with a piece of a log, stable across versions. */
export type DamageCode =
  /** The file does not begin with `ElfFile`; chunks are looked for all the same. */
  | 'file_header_magic'
  | 'file_header_checksum'
  /** The input ends inside the file header. */
  | 'file_truncated'
  /** The file was closed in order and its header counts more chunks than there are. */
  | 'chunks_missing'
  /** Bytes where a chunk should begin are none; the next chunk is looked for. Said once a run. */
  | 'chunk_magic'
  | 'chunk_header_checksum'
  | 'chunk_records_checksum'
  /** The input ends inside this chunk. */
  | 'chunk_truncated'
  /** The records of this chunk say more than `limits.chunkUnits`; what is left of it is not read. */
  | 'chunk_too_large'
  /** No record begins where one should, or its two sizes differ. */
  | 'record_header'
  /** The record says more than `limits.recordUnits`. */
  | 'record_too_large'
  /** A whole record lies inside another one's bounds, where no Windows tool shows it. The record follows. */
  | 'record_hidden'
  /** The numbers of the records leave out some. */
  | 'records_missing'
  | 'binxml_truncated'
  | 'binxml_token'
  | 'binxml_depth'
  | 'binxml_name'
  | 'binxml_empty'
  | 'template_offset'
  | 'template_cycle'
  | 'template_too_large';

export type Damage = {
  readonly kind: 'damaged';
  readonly code: DamageCode;
  /** Bytes from the beginning of the input. */
  readonly offset: number;
  readonly why: string;
  /** Where the damage is one record's and its number could be read. */
  readonly recordId?: string;
};

/** Thrown inside the package while a record is read, and turned into a `Damage` before it leaves. `position` counts from the chunk's beginning. */
export class EvtxFault extends Error {
  readonly code: DamageCode;
  readonly position: number;

  constructor(code: DamageCode, position: number, message: string) {
    super(message);
    this.name = 'EvtxFault';
    this.code = code;
    this.position = position;
  }
}
