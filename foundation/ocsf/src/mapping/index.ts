export { createMapper } from './mapper.ts';
export type { Mapper, MappingRefusal } from './mapper.ts';
export { mappingFilesIn } from './mapping-files.ts';
export { mappedEvent } from './mapped-event.ts';
export { recordEvent, withRecord } from './record-event.ts';
export type { RecordMapper, RecordSource } from './record-event.ts';
