/** Four rows of eight pairs, as it is read aloud; no pair is ever torn apart. */
export function Fingerprint({ value, label }: { readonly value: string; readonly label: string }) {
  return (
    <ol className="fingerprint" aria-label={label}>
      {value.split(':').map((pair, at) => (
        // The place is what tells equal pairs apart.
        <li key={at}>{pair}</li>
      ))}
    </ol>
  );
}
