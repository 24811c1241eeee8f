import { NativeSelect } from '@mantine/core';
import type { Disposition } from '../../api/queries.ts';

const dispositions: readonly { readonly value: Disposition; readonly label: string }[] = [
  { value: 'true_positive', label: 'It was an attack' },
  { value: 'benign', label: 'Real, but harmless' },
  { value: 'expected', label: 'Meant to happen' },
  { value: 'false_positive', label: 'The rule was wrong' },
];

/** What an alert turned out to be, in words. */
export function DispositionSelect({
  value,
  size = 'sm',
  onChange,
}: {
  readonly value: Disposition | undefined;
  readonly size?: 'xs' | 'sm';
  readonly onChange: (disposition: Disposition | undefined) => void;
}) {
  return (
    <NativeSelect
      size={size}
      aria-label="What it turned out to be"
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange(dispositions.find((one) => one.value === currentTarget.value)?.value)}
      data={[
        { value: '', label: value === undefined ? 'Not said what it was' : 'Not said' },
        ...dispositions.map((one) => ({ ...one })),
      ]}
    />
  );
}
