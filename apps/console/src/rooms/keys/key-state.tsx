import { stateWords } from './key-words.ts';
import type { KeyState } from './vault-query.ts';

/** In a field of 12 by 12: each state has a shape of its own, told apart without colour. */
const shapes: Readonly<Record<KeyState, string>> = {
  active: 'M6 1.4a4.6 4.6 0 1 1 0 9.2a4.6 4.6 0 1 1 0-9.2z',
  created: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10zm0 1.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8zM5.2 5.2h1.6v1.6H5.2z',
  suspended: 'M2.4 1.4h2.6v9.2H2.4zM7 1.4h2.6v9.2H7z',
  retired: 'M6 1a5 5 0 1 1 0 10a5 5 0 1 1 0-10zm0 1.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z',
  compromised: 'M6 .8l5.6 10.2H.4zM5.3 4.4v3.2h1.4V4.4zm0 4.1v1.3h1.4V8.5z',
  destroyed: 'M2.2 1.1L6 4.9l3.8-3.8 1.1 1.1L7.1 6l3.8 3.8-1.1 1.1L6 7.1l-3.8 3.8-1.1-1.1L4.9 6 1.1 2.2z',
};

export function statePath(state: KeyState): string {
  return shapes[state];
}

export function StateGlyph({ state, size = 12 }: { readonly state: KeyState; readonly size?: number }) {
  return (
    <svg
      className={`key-glyph ${stateWords[state].tone}`}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      <path d={shapes[state]} fillRule="evenodd" />
    </svg>
  );
}

/** Shape, colour and word. */
export function KeyStateMark({ state, count }: { readonly state: KeyState; readonly count?: number }) {
  const { word, tone } = stateWords[state];
  return (
    <span className={`state-mark ${tone}`}>
      <StateGlyph state={state} /> {count === undefined ? word : `${count} ${word.toLowerCase()}`}
    </span>
  );
}
