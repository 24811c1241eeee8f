import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Clock } from '../../../parts/clock.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { packKeysQuery } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

/** Whose packs are taken. */
export function PackKeys({ canManage }: { readonly canManage: boolean }) {
  const { data, error } = useQuery(packKeysQuery);
  const add = usePackChange('POST /v1/rules/pack-keys');
  const remove = usePackChange('DELETE /v1/rules/pack-keys/{id}');
  const [key, setKey] = useState('');
  const [note, setNote] = useState('');
  const problem = error ?? add.error ?? remove.error;
  return (
    <section className="sheet" aria-label="Trusted keys">
      <div className="sheet-head">
        <h2>Trusted keys</h2>
        <span className="quiet small">A pack is taken when one of these signed it.</span>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {data?.keys.length === 0 ? <p className="quiet">No key is trusted: no pack can be imported.</p> : null}
      <ul className="stack tight pack-list">
        {data?.keys.map((one) => (
          <li key={one.id} className="row spread">
            <span>
              <code className="mono small wrap-anywhere">{printable(one.key)}</code>
              <br />
              <span className="quiet small">
                {printable(one.note)} · {printable(one.by.name)} · <Clock at={one.at} />
              </span>
            </span>
            {canManage ? (
              <button
                type="button"
                className="plain-button small"
                disabled={remove.isPending}
                aria-label={`Trust no longer: ${one.key}`}
                onClick={() => remove.mutate({ params: { id: one.id }, purpose: 'stop trusting a key' })}
              >
                Trust no longer
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {canManage ? (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(
              { body: { key: key.trim(), note: note.trim() }, purpose: 'trust a key' },
              {
                onSuccess() {
                  setKey('');
                  setNote('');
                },
              },
            );
          }}
        >
          <TextInput
            className="grow"
            label="Verifier key"
            description="Ask its owner on another way than the pack came"
            placeholder="example.com/rules+1234abcd+AX…"
            classNames={{ input: 'mono' }}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <TextInput
            className="grow"
            label="Whose it is, and how you know"
            description="Kept with it, and in the audit trail"
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            loading={add.isPending}
            disabled={key.trim() === '' || note.trim() === ''}
          >
            Trust this key
          </Button>
        </form>
      ) : null}
    </section>
  );
}
