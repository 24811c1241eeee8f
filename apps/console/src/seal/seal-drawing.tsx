export type SealState = 'recorded' | 'checking' | 'verified' | 'broken';

const petals = 14;
const outline = Array.from({ length: petals * 2 }, (_, at) => {
  const angle = (at * Math.PI) / petals;
  const radius = at % 2 === 0 ? 15 : 13.2;
  return `${(16 + radius * Math.sin(angle)).toFixed(2)} ${(16 - radius * Math.cos(angle)).toFixed(2)}`;
}).join(' L');

/** Wax with a gate in it. What it shows is said by its shape too: an open gate, a tick under the arch, a crack. */
export function SealDrawing({ state }: { readonly state: SealState }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" strokeLinecap="round" strokeLinejoin="round">
      <path className="disc" d={`M${outline}Z`} strokeLinejoin="round" />
      {state === 'broken' ? (
        <path
          d="M10.5 22.5v-7a5.5 5.5 0 0 1 4-5.3M17.5 10.2a5.5 5.5 0 0 1 4 5.3v7M17.5 3.5 14 12l4 4-4 5 2.5 7"
          stroke="currentColor"
          strokeWidth="1.7"
        />
      ) : (
        <path d="M10 22.5v-7a6 6 0 0 1 12 0v7M8.5 22.5h15" stroke="currentColor" strokeWidth="1.7" />
      )}
      {state === 'verified' ? <path d="m13 17.4 2.3 2.4 4-4.8" stroke="currentColor" strokeWidth="1.9" /> : null}
      {state === 'recorded' || state === 'checking' ? (
        <path d="M16 12.5v10" stroke="currentColor" strokeWidth="1.3" strokeDasharray="1.5 2.5" />
      ) : null}
    </svg>
  );
}
