import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useId } from 'react';

/** Some lines to put into a file or a terminal, with the file's name above them. */
export function CopyBlock({
  title,
  file,
  text,
}: {
  readonly title: string;
  readonly file?: string | undefined;
  readonly text: string;
}) {
  const { copy, copied } = useClipboard({ timeout: 2000 });
  const titleId = useId();
  return (
    <figure className="copy-block">
      <figcaption>
        <span id={titleId}>
          {title}
          {file === undefined ? null : <code>{file}</code>}
        </span>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={copied ? <IconCheck size={14} aria-hidden="true" /> : <IconCopy size={14} aria-hidden="true" />}
          onClick={() => copy(text)}
          aria-label={`${copied ? 'Copied' : 'Copy'}: ${title}`}
        >
          <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
        </Button>
      </figcaption>
      <pre tabIndex={0} aria-labelledby={titleId}>
        {text}
      </pre>
    </figure>
  );
}
