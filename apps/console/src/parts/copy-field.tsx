import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';

/** Something to paste elsewhere. */
export function CopyField({
  value,
  label,
  shown = value,
}: {
  readonly value: string;
  readonly label: string;
  /** The same, easier to read. */
  readonly shown?: string;
}) {
  const { copy, copied } = useClipboard({ timeout: 2000 });
  return (
    <div className="copy-field">
      <code>{shown}</code>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => copy(value)}
        aria-label={`${copied ? 'Copied' : 'Copy'} ${label}`}
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}
