/** How far something is that takes a while, how long it will still take, and the way to call it off. */
export function WorkProgress({
  label,
  done,
  leftSeconds,
  onCancel,
}: {
  readonly label: string;
  /** 0 to 1. */
  readonly done: number;
  readonly leftSeconds: number | undefined;
  readonly onCancel: () => void;
}) {
  const percent = Math.floor(done * 100);
  return (
    <div className="stack tight">
      <div className="row spread">
        <span className="small" aria-live="polite">
          {label}
        </span>
        <span className="small quiet">
          {percent} %{leftSeconds === undefined ? '' : `, about ${leftWords(leftSeconds)} left`}{' '}
          <button type="button" className="plain-button" onClick={onCancel}>
            Cancel
          </button>
        </span>
      </div>
      <div
        className="progress"
        role="progressbar"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}

function leftWords(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, seconds)} s` : `${Math.round(seconds / 60)} min`;
}
