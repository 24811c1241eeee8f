import type { PerceptionHealth, WatchState } from './perceived.ts';
import type { PerceiverState } from './perceiver-client.ts';

/** What the processes that look at pictures make together. */
export function processHealth(
  states: readonly PerceiverState[],
): Pick<PerceptionHealth, 'model' | 'state' | 'reason' | 'starts'> {
  return {
    model: states.find(({ model }) => model !== undefined)?.model,
    state: stateOf(states),
    reason: states.find(({ reason }) => reason !== undefined)?.reason,
    starts: states.reduce((sum, { starts }) => sum + starts, 0),
  };
}

/** How one of their cameras stands. `learntSince`: the start of the process that knows its view. */
export function watchStateOf(
  { isUp, hasFailed, model, starts }: PerceiverState,
  { learntSince, isAside }: { readonly learntSince: number | undefined; readonly isAside: boolean },
): WatchState {
  if (!isUp) return hasFailed ? 'unwatched' : 'starting';
  if (model === undefined || isAside) return 'unwatched';
  return learntSince === starts ? 'watched' : 'learning';
}

function stateOf(states: readonly PerceiverState[]): PerceptionHealth['state'] {
  const started = states.filter(({ starts }) => starts > 0);
  if (started.length === 0) return 'idle';
  if (started.some(({ isUp }) => !isUp)) return 'down';
  return started.every(({ model }) => model !== undefined) ? 'up' : 'blind';
}
