import type { Clock } from '@sallyport/platform/clock';
import { plainText, type TextOutput } from './terminal.ts';

export type Progress = {
  /** `share` is between 0 and 1. */
  show(share: number, label: string): void;
  /** Removes the bar so that other lines can be written. */
  clear(): void;
};

const barWidth = 24;
const terminalIntervalMs = 100;
const plainIntervalMs = 10_000;

/** A bar that redraws itself on a terminal; elsewhere (a file, CI) a plain line every ten seconds. */
export function createProgress(output: TextOutput, clock: Clock): Progress {
  const intervalMs = output.isTerminal ? terminalIntervalMs : plainIntervalMs;
  let shownAtMs = clock.monotonicMs() - (output.isTerminal ? terminalIntervalMs : 0);
  let drawn = false;
  return {
    show(share, label) {
      const nowMs = clock.monotonicMs();
      if (nowMs - shownAtMs < intervalMs) return;
      shownAtMs = nowMs;
      const percent = `${Math.floor(share * 100)}`.padStart(3);
      if (!output.isTerminal) {
        output.write(`${percent} % ${plainText(label)}\n`);
        return;
      }
      const filled = Math.round(share * barWidth);
      const line = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${percent} % ${plainText(label)}`;
      output.write(
        `\r\x1b[K${Array.from(line)
          .slice(0, Math.max(20, output.columns - 1))
          .join('')}`,
      );
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\x1b[K');
      drawn = false;
    },
  };
}
