import { createHash } from 'node:crypto';
import type { PolicyTexts } from '@sallyport/access-policy';
import { documentFile } from './policy-document.ts';
import type { PolicyText } from './policy-document.ts';

/** The bundled policies, which stand whatever anybody writes, and those of the organisation. */
export function textsWith(bundled: PolicyTexts, own: readonly PolicyText[]): PolicyTexts {
  return {
    schema: bundled.schema,
    policies: [...bundled.policies, ...own.map(({ id, text }) => ({ file: documentFile(id), text, own: true }))],
  };
}

export function bundledHash({ schema, policies }: PolicyTexts): string {
  return createHash('sha256')
    .update(JSON.stringify([schema, policies.map(({ file, text }) => [file, text])]))
    .digest('hex');
}

/**
 * What is in force while the organisation's policies cannot be read: one that forbids may be among them, so whatever is not needed to mend them is
 * forbidden. What is sent is still taken, and whoever owns this machine may do everything.
 */
export function textsToMend(bundled: PolicyTexts): PolicyTexts {
  const words =
    "The organisation's own policies cannot be read: until they are mended, only what mends them is allowed";
  const forbid = (type: string): string => `@id("policies-unreadable-${type.toLowerCase()}")
@words("${words}")
forbid (principal is Sallyport::${type}, action, resource)
unless {
  ["settings:read", "settings:manage", "audit:read", "health:read", "sessions:own", "events:write"].contains(context.action)
};
`;
  const text = ['User', 'Key', 'Service'].map(forbid).join('\n');
  return { schema: bundled.schema, policies: [...bundled.policies, { file: 'policies-unreadable.cedar', text }] };
}
