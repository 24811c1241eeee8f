import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { Notice } from '../../../parts/notice.tsx';

/** Tests of a policy as the list they are kept as: what is no list is told, and changes nothing. */
export function TestsAsJson<Test>({
  tests,
  description,
  readOnly,
  onChange,
}: {
  readonly tests: readonly Test[];
  /** Which fields each has. */
  readonly description: string;
  readonly readOnly: boolean;
  readonly onChange: (tests: readonly Test[]) => void;
}) {
  const [written, setWritten] = useState(() => JSON.stringify(tests, null, 2));
  const [fault, setFault] = useState<string>();
  return (
    <>
      <Textarea
        label="Tests of this policy"
        description={description}
        classNames={{ input: 'hunt-text' }}
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        readOnly={readOnly}
        value={written}
        onChange={(event) => {
          const json = event.currentTarget.value;
          setWritten(json);
          const read = readTests<Test>(json);
          setFault(typeof read === 'string' ? read : undefined);
          if (typeof read !== 'string') onChange(read);
        }}
      />
      {fault === undefined ? null : <Notice tone="bad" title={fault} />}
    </>
  );
}

/** The server looks at each; here it only must be a list. */
function readTests<Test>(json: string): Test[] | string {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : 'This is no list: tests stand in [ ]';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`;
  }
}
