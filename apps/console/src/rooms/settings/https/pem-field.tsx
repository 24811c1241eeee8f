import { Textarea } from '@mantine/core';
import { useId } from 'react';

const maxFileBytes = 100_000;

/** Text to paste, or a file whose text is taken. It goes to this server when the form is sent, and nowhere else. */
export function PemField({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}) {
  const fileId = useId();
  return (
    <div className="stack tight">
      <Textarea
        label={label}
        description={hint}
        rows={4}
        spellCheck={false}
        autoComplete="off"
        placeholder="-----BEGIN …"
        classNames={{ input: 'mono pem' }}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <div className="row">
        <label htmlFor={fileId} className="small quiet">
          or pick the file
        </label>
        <input
          id={fileId}
          type="file"
          className="small"
          aria-label={`${label}: pick the file`}
          accept=".pem,.crt,.cer,.key,.txt"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined && file.size <= maxFileBytes) void file.text().then(onChange);
          }}
        />
      </div>
    </div>
  );
}
