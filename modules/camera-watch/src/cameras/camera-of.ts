import type { ResourceName } from '@sallyport/platform/http';

/** The camera that the path names: `config.resource` of routes about one. */
export function cameraOf({ params }: { readonly params: unknown }): ResourceName | undefined {
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined;
  return typeof id === 'string' ? { kind: 'camera', id } : undefined;
}
