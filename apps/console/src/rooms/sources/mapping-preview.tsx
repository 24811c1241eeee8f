import { Button, NativeSelect, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { className } from '../../parts/event-facts.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { unreadRemedy, unreadWords } from '../../parts/unread-words.ts';
import { FileDrop } from './file-drop.tsx';
import { fileType } from './file-type.ts';
import { previewFormats } from './preview-formats.ts';
import type { PreviewFormat } from './preview-formats.ts';
import { SideBySide, indented } from './side-by-side.tsx';
import type { Preview } from './source-queries.ts';

const maxPreviewBytes = 64 * 1024;
type Given = { readonly content: string | Blob; readonly type: string; readonly format?: PreviewFormat };

/** What would become of a line or a small file. Nothing of it is recorded. */
export function MappingPreview() {
  const [text, setText] = useState('');
  const [format, setFormat] = useState<PreviewFormat>('auto');
  const preview = useMutation({
    mutationFn: ({ content, type, format: declared }: Given) =>
      call('POST /v1/events/preview', {
        query: declared === undefined ? {} : { format: declared },
        raw: { type, content },
      }),
  });
  return (
    <section className="sheet" aria-labelledby="preview">
      <div className="sheet-head">
        <h2 id="preview">Mapping preview</h2>
        <span className="quiet small">what would become of an event; nothing is recorded</span>
      </div>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          preview.mutate({ content: text, type: 'text/plain', format });
        }}
      >
        <Textarea
          label="A line, or a few"
          placeholder="Nov 22 04:30:00 web-01 sshd[811]: Failed password for root from 203.0.113.9 port 4711 ssh2"
          autosize={false}
          rows={4}
          spellCheck={false}
          className="preview-text"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="row form-row">
          <NativeSelect
            label="Read as"
            value={format}
            data={previewFormats.map(({ value, label }) => ({ value, label }))}
            onChange={(event) =>
              setFormat(previewFormats.find(({ value }) => value === event.currentTarget.value)?.value ?? 'auto')
            }
          />
          <Button type="submit" variant="default" loading={preview.isPending} disabled={text.trim() === ''}>
            Preview
          </Button>
        </div>
      </form>
      <FileDrop
        isSmall
        label="Preview a file"
        hint="Or drop a small file here, at most 64 KiB."
        onFile={(file) => {
          const { contentType } = fileType(file.name);
          preview.mutate({ content: file.slice(0, maxPreviewBytes), type: contentType });
        }}
      />
      {preview.error === null ? null : <ProblemNotice problem={preview.error} />}
      <div role="status" className="stack">
        {preview.data === undefined ? null : <Outcome preview={preview.data} />}
      </div>
    </section>
  );
}

function Outcome({ preview }: { readonly preview: Preview }) {
  const { events, total } = preview;
  if (total === 0) return <Notice title="There is no event in it" />;
  return (
    <>
      <p>
        {plural(total, 'event')}
        {total > events.length ? `, the first ${events.length} of them` : ''}
      </p>
      {events.map((event, at) => (
        // Events of a preview have no name but their place.
        <PreviewedEvent key={at} event={event} />
      ))}
    </>
  );
}

function PreviewedEvent({ event }: { readonly event: Preview['events'][number] }) {
  const { ocsf, class_uid: classUid, mapping, unmapped, reason } = event;
  return (
    <article className="previewed">
      <div className="row">
        <span className="chip">{className(classUid)}</span>
        <span className="quiet small">
          {mapping === undefined ? 'no mapping of its own' : `mapping ${mapping.id}, version ${mapping.version}`}
        </span>
      </div>
      {reason === undefined ? null : (
        <Notice tone="warn" title={`It could not be read: ${unreadWords(reason)}`}>
          <p>Sent like this it would stand as received. {unreadRemedy(reason)}</p>
        </Notice>
      )}
      {unmapped.length === 0 ? null : (
        <p className="row small">
          <span className="quiet">Kept, but mapped to no field:</span>
          {unmapped.map((name) => (
            <mark key={name} className="chip unmapped">
              {printable(name)}
            </mark>
          ))}
        </p>
      )}
      {ocsf === null ? null : (
        <SideBySide
          original={
            <pre className="raw" tabIndex={0}>
              {typeof ocsf['raw_data'] === 'string' ? indented(ocsf['raw_data']) : ''}
            </pre>
          }
          normalised={
            <pre className="raw" tabIndex={0}>
              {JSON.stringify({ ...ocsf, raw_data: undefined }, null, 2)}
            </pre>
          }
        />
      )}
    </article>
  );
}
