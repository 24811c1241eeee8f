import { TextInput } from '@mantine/core';

/** Six digits from an authenticator app. */
export function CodeInput({
  value,
  onChange,
  label,
  error,
}: {
  readonly value: string;
  readonly onChange: (code: string) => void;
  readonly label: string;
  readonly error?: string | undefined;
}) {
  return (
    <TextInput
      size="lg"
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.replaceAll(/\D/g, '').slice(0, 6))}
      inputMode="numeric"
      autoComplete="one-time-code"
      placeholder="000000"
      className="code-input"
      error={error}
    />
  );
}
