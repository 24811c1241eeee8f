/** Six blocks of five digits, to be read from two screens; a reader hears them digit by digit. */
export function FingerprintBlocks({ fingerprint }: { readonly fingerprint: string }) {
  return (
    <p
      className="fingerprint-blocks"
      role="img"
      aria-label={`Fingerprint ${fingerprint.split(' ').map(spelled).join(', ')}`}
    >
      {fingerprint.split(' ').map((block, at) => (
        // Blocks have no order but their place.
        <span key={`${String(at)}-${block}`}>{block}</span>
      ))}
    </p>
  );
}

function spelled(block: string): string {
  return Array.from(block).join(' ');
}
