import { TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { formatBytes } from '../../parts/span.ts';
import { searchAddress, sourceAddress, sourceTerms } from '../../parts/source-address.ts';
import { FileDrop } from './file-drop.tsx';
import { headBytes, maxFileBytes, whyNotSent } from './file-type.ts';
import { freeName, sourceNamePattern } from './server-place.ts';
import { FirstEvent } from './first-event.tsx';
import { setLabel } from './source-label.ts';
import { sourcesQuery } from './source-queries.ts';
import { uploadFile } from './upload-file.ts';

const keyLastsMs = 3_600_000;

/** A file as a source: sent from this page, with a key that ends within the hour. */
export function SendFile() {
  const queries = useQueryClient();
  const { data } = useQuery(sourcesQuery);
  const [typed, setTyped] = useState('');
  const [share, setShare] = useState(0);
  const isValid = typed === '' || sourceNamePattern.test(typed);
  const send = useMutation({
    mutationFn: async (file: File) => {
      setShare(0);
      // Before there is a key and a source for what will not come.
      const refused =
        file.size > maxFileBytes
          ? 'It is over 32 MiB. On a command line sallyport send FILE sends any size.'
          : whyNotSent(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()));
      if (refused !== undefined) return { refused, file };
      const name = typed === '' ? freeName(file.name, data?.sources.map((source) => source.name) ?? []) : typed;
      const { id, key } = await call('POST /v1/keys', {
        body: {
          name: `File ${file.name}`.slice(0, 100),
          scopes: ['events:write'],
          source: name,
          expiresAtMs: Date.now() + keyLastsMs,
        },
        purpose: 'send a file',
      });
      const uploaded = await uploadFile(file, { key, onProgress: setShare });
      const source = { key_id: id, name };
      // The file is in either way; by its name alone it is only harder to find.
      await setLabel(source, file.name.slice(0, 100)).catch(() => undefined);
      return { ...uploaded, source, file };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources'] }),
  });
  return (
    <div className="stack">
      <TextInput
        label="Name of the source"
        description="The file’s own name when left empty."
        autoCapitalize="none"
        spellCheck={false}
        maxLength={64}
        value={typed}
        error={isValid ? undefined : 'Letters, digits and . _ - only; a letter or digit first'}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <FileDrop
        label="Choose a file"
        hint="EVTX, JSON, NDJSON, CloudTrail, XML or any log; also .gz and .zst. A zip, or more than 32 MiB, goes with sallyport send FILE."
        disabled={send.isPending || !isValid}
        onFile={(file) => send.mutate(file)}
      />
      {send.isPending ? (
        <div className="stack tight" role="status">
          <p>
            {share < 1 ? 'Sending' : 'Being recorded:'} {send.variables.name}, {formatBytes(send.variables.size)}
          </p>
          <div className="progress">
            <div style={{ width: `${share * 100}%` }} />
          </div>
        </div>
      ) : null}
      {send.error === null ? null : <ProblemNotice problem={send.error} />}
      {send.data === undefined ? null : 'refused' in send.data ? (
        <Notice tone="bad" title={`Not sent: ${send.data.file.name}`}>
          <p>{send.data.refused}</p>
        </Notice>
      ) : (
        <div className="stack" role="status">
          <Notice
            tone={send.data.keptRaw === 0 ? 'good' : 'warn'}
            title={`Received: ${plural(send.data.accepted, 'event')} of ${send.data.file.name}`}
          >
            {send.data.keptRaw === 0 ? null : (
              <p>
                {plural(send.data.keptRaw, 'event')} could not be read and stand as received. The page of the source
                says why.
              </p>
            )}
            <p className="row">
              <Link href={searchAddress(sourceTerms(send.data.source))}>Search its events</Link>
              <Link href={sourceAddress(send.data.source)}>Page of the source</Link>
            </p>
          </Notice>
          {send.data.accepted === 0 ? null : <FirstEvent source={send.data.source} sort="oldest" />}
        </div>
      )}
    </div>
  );
}
