import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonValue, OcsfEvent } from '@sallyport/contracts';

/** What a JSON record was, told by the event it became. Only for counting: a sender can make one look like another. */
export function formatOfJson({ metadata, unmapped }: OcsfEvent): string {
  // What stands under this name is ours: what a sender puts there is dropped.
  const own: JsonValue | undefined = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  if (isJsonObject(own) && typeof own['mapping'] === 'string') {
    const format = textOf(metadata['log_format']);
    return format === '' ? 'json' : format;
  }
  const product = isJsonObject(metadata['product']) ? metadata['product'] : {};
  if (metadata['log_name'] === 'CloudTrail') return 'cloudtrail';
  if (product['vendor_name'] === 'Microsoft') return 'windows';
  return 'json';
}
