import { Textarea } from '@mantine/core';
import type { TextareaProps } from '@mantine/core';
import { useState } from 'react';
import { Notice } from './notice.tsx';

/** A value that is written as JSON: what cannot be read is told, and changes nothing. */
export function JsonField<Value extends object>({
  value,
  read,
  onChange,
  ...field
}: Pick<TextareaProps, 'label' | 'aria-label' | 'description' | 'minRows' | 'maxRows' | 'readOnly'> & {
  readonly value: unknown;
  /** A sentence where it is JSON of another form. */
  readonly read: (written: unknown) => Value | string;
  readonly onChange: (value: Value) => void;
}) {
  const [written, setWritten] = useState(() => JSON.stringify(value, null, 2));
  const [fault, setFault] = useState<string>();
  return (
    <>
      <Textarea
        {...field}
        classNames={{ input: 'hunt-text' }}
        autosize
        spellCheck={false}
        value={written}
        onChange={(event) => {
          const json = event.currentTarget.value;
          setWritten(json);
          const found = readJson(json, read);
          setFault(typeof found === 'string' ? found : undefined);
          if (typeof found !== 'string') onChange(found);
        }}
      />
      {fault === undefined ? null : <Notice tone="bad" title={fault} />}
    </>
  );
}

function readJson<Value>(json: string, read: (written: unknown) => Value | string): Value | string {
  try {
    return read(JSON.parse(json));
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
