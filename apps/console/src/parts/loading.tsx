/** The shape of what comes. */
export function Loading({
  heights,
  label = 'Loading',
}: {
  readonly heights: readonly number[];
  readonly label?: string;
}) {
  return (
    <div className="stack tight" role="status" aria-label={label}>
      {heights.map((height, at) => (
        <div key={`${at}-${height}`} className="shape" style={{ height }} />
      ))}
    </div>
  );
}
