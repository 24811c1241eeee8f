import { IconX } from '@tabler/icons-react';

/** The filter that is there without being asked for, where it can be seen and taken away. */
export function OwnRecords({
  hidesReads,
  onReads,
  onHideAll,
}: {
  readonly hidesReads: boolean;
  readonly onReads: (own: 'show' | undefined) => void;
  readonly onHideAll: () => void;
}) {
  return (
    <>
      {hidesReads ? (
        <button
          type="button"
          className="chip"
          title="This server records every read it lets through; here they are left out. Click to show them."
          onClick={() => onReads('show')}
        >
          Own reads hidden <IconX size={12} aria-label="show them" />
        </button>
      ) : (
        <button type="button" className="plain-button small" onClick={() => onReads(undefined)}>
          Hide own reads
        </button>
      )}
      <button type="button" className="plain-button small" onClick={onHideAll}>
        Hide audit records
      </button>
    </>
  );
}
