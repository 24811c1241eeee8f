import { element } from './element.ts';
import { clockTime } from './words.ts';

export type TimeBarPart = {
  /** `good` verifies, `late` too and was sent later, `bad` does not, `gap` has no pictures. */
  readonly kind: 'good' | 'late' | 'bad' | 'gap';
  readonly fromMs: number;
  readonly toMs: number;
  readonly words: string;
};

const stepMs = 1000;

/** The time of the clip from left to right; a slider for mouse and keyboard. */
export function createTimeBar(input: {
  readonly fromMs: number;
  readonly toMs: number;
  readonly parts: readonly TimeBarPart[];
  readonly onSeek: (ms: number) => void;
}): { readonly element: HTMLElement; setPosition(ms: number): void } {
  const { fromMs, toMs } = input;
  const wholeMs = Math.max(1, toMs - fromMs);
  const percent = (ms: number): number => (Math.max(0, Math.min(wholeMs, ms - fromMs)) / wholeMs) * 100;
  const position = element('div', { class: 'position' });
  const bar = element('div', {
    class: 'bar',
    role: 'slider',
    tabindex: '0',
    'aria-label': 'Time',
    'aria-valuemin': '0',
    'aria-valuemax': String(Math.round(wholeMs / 1000)),
  });
  for (const part of input.parts) {
    const piece = element('div', { class: `part ${part.kind}`, title: part.words });
    piece.style.left = `${percent(part.fromMs)}%`;
    piece.style.width = `max(2px, ${percent(part.toMs) - percent(part.fromMs)}%)`;
    bar.append(piece);
  }
  bar.append(position);
  let nowMs = fromMs;
  const seekTo = (event: PointerEvent): void => {
    const box = bar.getBoundingClientRect();
    input.onSeek(fromMs + (wholeMs * (event.clientX - box.left)) / Math.max(1, box.width));
  };
  bar.addEventListener('pointerdown', (event) => {
    bar.setPointerCapture(event.pointerId);
    seekTo(event);
  });
  bar.addEventListener('pointermove', (event) => {
    if (bar.hasPointerCapture(event.pointerId)) seekTo(event);
  });
  bar.addEventListener('keydown', (event) => {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: nowMs - stepMs,
      ArrowRight: nowMs + stepMs,
      PageDown: nowMs - 10 * stepMs,
      PageUp: nowMs + 10 * stepMs,
      Home: fromMs,
      End: toMs,
    };
    const wanted = moves[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    input.onSeek(wanted);
  });
  return {
    element: bar,
    setPosition(ms) {
      nowMs = ms;
      position.style.left = `${percent(ms)}%`;
      bar.setAttribute('aria-valuenow', String(Math.round((ms - fromMs) / 1000)));
      bar.setAttribute('aria-valuetext', clockTime(ms));
    },
  };
}
