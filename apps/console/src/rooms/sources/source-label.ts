import { call } from '../../api/call.ts';
import type { SourceName } from '../../parts/source-address.ts';

/** What people call a source; its own name stays what it is known by. */
export async function setLabel({ key_id, name }: SourceName, label: string): Promise<void> {
  await call('PUT /v1/sources/{key_id}/{name}', { params: { key_id, name }, body: { label } });
}
