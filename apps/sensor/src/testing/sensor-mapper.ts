// The mappings that the server has for the sensor's records, read from the checkout.
import { createMapper, mappedEvent } from '@sallyport/ocsf/mapping';
import type { Mapper } from '@sallyport/ocsf/mapping';
import type { OcsfEvent } from '@sallyport/ocsf';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../../content/mappings/sensor');

export function readSensorMapper(): Mapper {
  return createMapper(readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') })));
}

/** What the server makes of one line; undefined when no mapping fits. */
export function mapLine(mapper: Mapper, line: string): OcsfEvent | undefined {
  const record = parseJson(line);
  const mapped = isJsonObject(record) ? mapper.map('json', record) : undefined;
  return mapped === undefined ? undefined : mappedEvent(mapped, { rawText: line, receivedAtMs: 1 });
}
