/** How much of the past is asked again. */
export const ownReplayLimits = { calls: 5000, page: 250, pages: 80, differences: 200 } as const;

/** Whose call it was, as its event says. */
export function runIn(event: { readonly [name: string]: unknown }): {
  readonly agentId: string;
  readonly repository?: string;
} {
  const { actor, unmapped } = event;
  const agentId = objectOf(actor)['app_uid'];
  const repository = objectOf(objectOf(objectOf(unmapped)['sallyport'])['agent'])['repository'];
  return {
    agentId: typeof agentId === 'string' ? agentId : '',
    ...(typeof repository === 'string' && repository !== '' ? { repository } : {}),
  };
}

function objectOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
