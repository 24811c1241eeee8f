import { Button, TextInput } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { call } from '../../api/call.ts';
import { sessionQuery, usersQuery } from '../../api/queries.ts';
import type { Me } from '../../api/queries.ts';
import { InviteForm } from '../people/invite-form.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { HttpsPanel } from '../settings/https/https-panel.tsx';
import { httpsQuery } from '../settings/https/https-query.ts';
import { AddSource } from '../sources/add-source.tsx';

type PathProps = {
  readonly me: Me;
  readonly open: string | undefined;
  readonly onOpen: (step: string) => void;
  readonly onDone: () => void;
};

const noStep = 'none';

/** Four things worth doing first. None is required; all are in Settings and People later. */
export function GuidedPath({ me, open, onOpen, onDone }: PathProps) {
  const settings = useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => call('GET /v1/settings', { signal }) });
  const https = useQuery(httpsQuery);
  const users = useQuery(usersQuery);
  const keys = useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => call('GET /v1/keys', { signal }) });
  const [first, setFirst] = useState<string>();
  const [kind, setKind] = useState<string>();
  const organization = settings.data?.organization ?? '';
  const steps: readonly {
    readonly id: string;
    readonly title: string;
    readonly isDone: boolean;
    readonly body: ReactNode;
  }[] = [
    {
      id: 'organisation',
      title: 'Name your organisation',
      isDone: organization !== '',
      body: <OrganizationForm key={organization} name={organization} onSaved={() => onOpen('https')} />,
    },
    {
      id: 'https',
      title: 'Let others reach it, with HTTPS',
      isDone: https.data?.state === 'open' || location.protocol === 'https:',
      body: <HttpsPanel canChange />,
    },
    {
      id: 'source',
      title: 'Connect a first source',
      isDone: (keys.data?.keys ?? []).some(
        ({ scopes, source, expiresAtMs, revokedAtMs, createdBy }) =>
          scopes.includes('events:write') &&
          // The sensor of the server's own host comes by itself: nothing was connected yet.
          createdBy !== 'operator/host-sensor' &&
          source !== undefined &&
          expiresAtMs === undefined &&
          revokedAtMs === undefined,
      ),
      body: <AddSource me={me} kind={kind} onKind={setKind} />,
    },
    {
      id: 'invite',
      title: 'Invite someone',
      isDone: (users.data?.users.length ?? 0) > 1,
      body: <InviteForm />,
    },
  ];
  const isKnown = [settings, https, users, keys].every(({ isPending }) => !isPending);
  // Chosen once: a step that is done stays open, since it may show a key that is shown only now.
  if (isKnown && first === undefined) setFirst(steps.find(({ isDone }) => !isDone)?.id ?? noStep);
  const opened = open ?? first;
  return (
    <>
      <RoomHead
        title={`You are in, ${me.user.name}`}
        lead="Four things worth doing first. Skip what can wait: all of it is in Settings, Sources and People later."
      />
      <div className="sheet flush">
        {steps.map(({ id, title, isDone, body }, at) => {
          const isOpen = opened === id;
          return (
            <div key={id} className="path-step" data-done={isDone}>
              <button type="button" aria-expanded={isOpen} onClick={() => onOpen(isOpen ? noStep : id)}>
                <span className="tick">{isDone ? <IconCheck size={16} aria-label="done" /> : at + 1}</span>
                <strong>{title}</strong>
                <IconChevronDown size={18} aria-hidden="true" className="chevron" />
              </button>
              <div className="path-body" hidden={!isOpen}>
                {body}
              </div>
            </div>
          );
        })}
      </div>
      <Button size="md" onClick={onDone}>
        Go to the overview
      </Button>
    </>
  );
}

export function OrganizationForm({ name: known, onSaved }: { readonly name: string; readonly onSaved?: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(known);
  const save = useMutation({
    mutationFn: () => call('PUT /v1/settings', { body: { organization: name.trim() === '' ? null : name.trim() } }),
    onSuccess: () => {
      onSaved?.();
      return Promise.all([
        queries.invalidateQueries({ queryKey: ['settings'] }),
        queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      ]);
    },
  });
  return (
    <form
      className="row form-row"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        className="grow"
        label="Organisation"
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" loading={save.isPending} disabled={name.trim() === known}>
        Save
      </Button>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
    </form>
  );
}
