import { printable } from '../parts/printable.ts';
import { element } from './element.ts';
import type { Film } from './film.ts';
import { createSound } from './sound.ts';
import type { Sound } from './sound.ts';
import { createTimeBar } from './time-bar.ts';
import type { TimeBarPart } from './time-bar.ts';
import { clockTime, duration, gapReason } from './words.ts';

/** How long it stands at a gap before it goes on behind it. */
const gapPauseMs = 1500;
const speeds = [0.25, 1, 2, 8] as const;

/** The film on a canvas, with what moves through it. Frames are decoded when they are shown. */
export function createPlayer(film: Film, parts: readonly TimeBarPart[]): HTMLElement {
  const canvas = element('canvas', { width: '640', height: '360', role: 'img', 'aria-label': 'The recorded pictures' });
  const blank = element('p', { class: 'blank', role: 'status' });
  const time = element('output', { class: 'time' });
  const playButton = element('button', { type: 'button', class: 'play' }, 'Play');
  const soundButton = element('button', { type: 'button', 'aria-pressed': 'false' }, 'Sound');
  const speed = element('select', { 'aria-label': 'Speed' });
  for (const value of speeds) speed.append(element('option', { value: String(value) }, `${value}×`));
  speed.value = '1';
  const bar = createTimeBar({ fromMs: film.fromMs, toMs: film.toMs, parts, onSeek: (ms) => seek(ms) });
  const context = canvas.getContext('2d');
  let positionMs = film.fromMs;
  let isPlaying = false;
  let blankSinceMs: number | undefined;
  let sound: Sound | undefined;
  let shown: unknown;
  let drawing: Promise<void> = Promise.resolve();

  function show(): void {
    time.value = `${clockTime(positionMs)} UTC`;
    bar.setPosition(positionMs);
    const frame = film.frameAt(positionMs);
    if (frame === shown && frame !== undefined) return;
    shown = frame;
    if (frame === undefined) {
      context?.clearRect(0, 0, canvas.width, canvas.height);
      const found = film.blankAt(positionMs);
      blank.className = `blank ${found?.kind ?? 'gap'}`;
      blank.textContent =
        found === undefined
          ? ''
          : found.kind === 'refused'
            ? `✗ ${clockTime(found.fromMs)} to ${clockTime(found.toMs)} does not verify and is not shown. ${printable(found.reason)}.`
            : `No pictures for ${duration(found.toMs - found.fromMs)}. ${gapReason(found.reason)}`;
      blank.hidden = false;
      return;
    }
    blank.hidden = true;
    const { payload } = frame;
    drawing = drawing.then(async () => {
      if (shown !== frame) return;
      try {
        const image = await createImageBitmap(new Blob([Uint8Array.from(payload)], { type: 'image/jpeg' }));
        if (canvas.width !== image.width || canvas.height !== image.height) {
          canvas.width = image.width;
          canvas.height = image.height;
        }
        context?.drawImage(image, 0, 0);
        image.close();
      } catch {
        context?.clearRect(0, 0, canvas.width, canvas.height);
        blank.className = 'blank gap';
        blank.textContent = 'The camera sent something here that is no picture.';
        blank.hidden = false;
      }
    });
  }

  function seek(ms: number): void {
    positionMs = Math.max(film.fromMs, Math.min(film.toMs, ms));
    blankSinceMs = undefined;
    sound?.stop();
    show();
  }

  function setPlaying(wanted: boolean): void {
    isPlaying = wanted;
    playButton.textContent = wanted ? 'Pause' : 'Play';
    if (!wanted) {
      sound?.stop();
      return;
    }
    if (positionMs >= film.toMs) seek(film.fromMs);
    let lastMs = performance.now();
    const tick = (nowMs: number): void => {
      if (!isPlaying) return;
      advance(Math.max(0, nowMs - lastMs), nowMs);
      lastMs = nowMs;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  function advance(passedMs: number, nowMs: number): void {
    const found = film.blankAt(positionMs);
    if (found !== undefined && found.toMs - positionMs > gapPauseMs) {
      blankSinceMs ??= nowMs;
      if (nowMs - blankSinceMs < gapPauseMs) return;
      positionMs = found.toMs;
      blankSinceMs = undefined;
    } else {
      const before = positionMs;
      positionMs += passedMs * Number(speed.value);
      if (speed.value === '1') for (const chunk of film.soundBetween(before, positionMs)) sound?.play(chunk.payload);
    }
    if (positionMs >= film.toMs) {
      positionMs = film.toMs;
      setPlaying(false);
    }
    show();
  }

  playButton.addEventListener('click', () => setPlaying(!isPlaying));
  soundButton.addEventListener('click', () => {
    sound?.stop();
    sound = sound === undefined ? createSound() : undefined;
    soundButton.setAttribute('aria-pressed', String(sound !== undefined));
  });
  const step = (by: 1 | -1) => (): void => {
    setPlaying(false);
    seek(film.step(positionMs, by));
  };
  const back = element('button', { type: 'button', 'aria-label': 'Picture before' }, '◂');
  const forward = element('button', { type: 'button', 'aria-label': 'Picture after' }, '▸');
  back.addEventListener('click', step(-1));
  forward.addEventListener('click', step(1));
  show();
  return element(
    'section',
    { class: 'player' },
    element('div', { class: 'stage' }, canvas, blank),
    bar.element,
    element('div', { class: 'controls' }, playButton, back, forward, speed, soundButton, time),
  );
}
