import { Tooltip } from '@mantine/core';
import type { LiveControls } from './use-live.ts';

const words = {
  connecting: 'Connecting…',
  live: 'Live',
  'catching up': 'Catching up…',
  paused: 'Paused',
  offline: 'Offline, trying again',
} as const;

/** Whether what is shown is now. A click pauses and resumes; nothing is lost meanwhile. */
export function LiveMark({ live }: { readonly live: LiveControls }) {
  const isPaused = live.state === 'paused';
  return (
    <Tooltip label={isPaused ? 'Resume where it stopped' : 'Pause; nothing is lost'} openDelay={400}>
      <button
        type="button"
        className="rail-link live-mark"
        data-state={live.state}
        onClick={isPaused ? live.resume : live.pause}
        aria-pressed={isPaused}
      >
        <i aria-hidden="true" /> <span>{words[live.state]}</span>
        {live.state === 'live' && live.perSecond >= 0.1 ? (
          <span className="quiet" title="Events a second, without this server's own audit records">
            {live.perSecond.toFixed(live.perSecond < 10 ? 1 : 0)}/s
          </span>
        ) : null}
      </button>
    </Tooltip>
  );
}
