import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

export const clipExportAction = 'clip.export';

/** What the audit record of an export says; undefined for every other event. */
export function readClipExport(
  event: JsonValue,
): { readonly camera: string; readonly manifestSha256: string; readonly by: string } | undefined {
  if (!isJsonObject(event) || event['raw_data'] !== undefined) return undefined;
  const metadata = objectIn(event['metadata']);
  if (metadata['log_name'] !== 'audit' || metadata['event_code'] !== clipExportAction) return undefined;
  const told = objectIn(objectIn(event['unmapped'])['sallyport']);
  return {
    camera: textOf(objectIn(told['target'])['id']),
    manifestSha256: textOf(objectIn(told['details'])['manifest_sha256']),
    by: textOf(objectIn(objectIn(event['actor'])['user'])['name']),
  };
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
