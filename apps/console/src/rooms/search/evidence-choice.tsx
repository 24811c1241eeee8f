import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { callBytes } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { downloadEvidencePage, saveBlob } from '../../seal/download.ts';
import type { SearchFilter } from './search-queries.ts';

/** A page with more than this in it opens too slowly to be of use. */
const maxPageBytes = 48 * 1024 * 1024;

/** Every event of the time looked at, with proof that none is left out; the server streams the file. */
export function EvidenceChoice({ filter }: { readonly filter: SearchFilter }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconCertificate size={15} aria-hidden="true" />}
        onClick={() => setOpen(true)}
      >
        Evidence…
      </Button>
      {isOpen ? <EvidenceDialog filter={filter} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function EvidenceDialog({ filter, onClose }: { readonly filter: SearchFilter; readonly onClose: () => void }) {
  const [sources, setSources] = useState('');
  const [isAll, setAll] = useState(false);
  const [isNaming, setNaming] = useState(false);
  const query = filter.q ?? '';
  const names = sources
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const make = useMutation({
    async mutationFn(kind: 'file' | 'page') {
      const response = await callBytes('GET /v1/ledger/evidence', {
        query: {
          ...(filter.from === undefined ? {} : { from: new Date(filter.from).toISOString() }),
          ...(filter.to === undefined ? {} : { to: new Date(filter.to).toISOString() }),
          ...(names.length === 0 ? {} : { collectors: names.map((name) => `intake/${name}`).join('\n') }),
          ...(query === '' ? {} : { q: query, bodies: isAll ? 'all' : 'matches' }),
          ...(isNaming ? { names: 'all' } : {}),
        },
        purpose: 'export evidence',
      });
      const blob = await response.blob();
      const name = `evidence-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}`;
      if (kind === 'file') saveBlob(`${name}.txt`, blob);
      else if (blob.size <= maxPageBytes) await downloadEvidencePage(`${name}.html`, await blob.text());
      else throw new Error('It is too large for a page: save the file, or choose a shorter time');
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Evidence of everything in this time">
      <div className="stack">
        <ul className="plain-points">
          <li>
            One file with every event of this time and proof that none is left out. Anybody can check it, without this
            server.
          </li>
          <li>
            Of events outside what you ask for it holds time, class and a keyed hash of the source, nothing they say.
          </li>
          <li>The export is recorded in your name.</li>
        </ul>
        <TextInput
          label="Only of these sources"
          description="Names separated by commas; empty means all. What is proven complete then is theirs alone."
          value={sources}
          onChange={(event) => setSources(event.currentTarget.value)}
          data-autofocus
        />
        {query === '' ? null : (
          <Checkbox
            label="With the content of events that do not fit the query"
            description="Without it, that they do not fit is this server’s word: no file can prove it."
            checked={isAll}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        )}
        <Checkbox
          label="Name the other sources too"
          description="Then nobody has to take our word that they are others. It gives their names to whoever gets the file."
          checked={isNaming}
          onChange={(event) => setNaming(event.currentTarget.checked)}
        />
        {make.error === null ? null : <ProblemNotice problem={make.error} />}
        <div className="row">
          <Button loading={make.isPending && make.variables === 'page'} onClick={() => make.mutate('page')}>
            Page that verifies offline
          </Button>
          <Button
            variant="default"
            loading={make.isPending && make.variables === 'file'}
            onClick={() => make.mutate('file')}
          >
            Evidence file
          </Button>
        </div>
      </div>
    </Modal>
  );
}
