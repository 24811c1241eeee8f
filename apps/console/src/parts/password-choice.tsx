import { PasswordInput } from '@mantine/core';
import { judgePassword } from './password-strength.ts';

/** A password being chosen, with a word on its strength. */
export function PasswordChoice({
  value,
  onChange,
  avoid,
  label = 'Password',
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly avoid: readonly string[];
  readonly label?: string;
}) {
  const { score, word, advice } = judgePassword(value, avoid);
  return (
    <div className="stack tight">
      <PasswordInput
        label={label}
        size="md"
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        aria-describedby="password-advice"
      />
      <div className="strength" data-score={value === '' ? '' : score} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <p id="password-advice" className="small quiet" aria-live="polite">
        {value === '' ? '' : `${word}. `}
        {advice}
      </p>
    </div>
  );
}
