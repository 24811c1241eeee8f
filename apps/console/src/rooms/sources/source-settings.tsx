import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { formatBytes, formatSpan } from '../../parts/span.ts';
import { readSettings, settingsDraft } from './settings-draft.ts';
import { sourceQuery } from './source-queries.ts';
import type { SourceDetails } from './source-queries.ts';

const expectations: readonly { readonly value: SourceDetails['expected']; readonly label: string }[] = [
  { value: 'auto', label: 'By its own rhythm' },
  { value: 'always', label: 'Always' },
  { value: 'never', label: 'Never' },
];

/** How a source is treated: its name for people, where it stands, whether its silence matters, what it may send, and with which key. */
export function SourceSettings({ source, me }: { readonly source: SourceDetails; readonly me: Me }) {
  return (
    <section className="sheet" aria-labelledby="settings">
      <h2 id="settings">Settings</h2>
      {may(me, 'sources:manage') ? (
        <SettingsForm key={source.revision} source={source} />
      ) : (
        <SettingsFacts source={source} />
      )}
      {may(me, 'keys:manage') ? <ItsKey source={source} /> : null}
    </section>
  );
}

function SettingsForm({ source }: { readonly source: SourceDetails }) {
  const queries = useQueryClient();
  const before = settingsDraft(source);
  const [draft, setDraft] = useState(before);
  const wanted = readSettings(draft, before);
  const isChanged = wanted !== undefined && Object.keys(wanted).length > 0;
  const save = useMutation({
    mutationFn: (body: NonNullable<typeof wanted>) =>
      call('PUT /v1/sources/{key_id}/{name}', {
        params: { key_id: source.key_id, name: source.name },
        body: { revision: source.revision, ...body },
      }),
    onSuccess: (after) => {
      queries.setQueryData(sourceQuery(source).queryKey, after);
      return queries.invalidateQueries({ queryKey: ['sources'] });
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== undefined) save.mutate(wanted);
      }}
    >
      <div className="settings-fields">
        <TextInput
          label="What to call it"
          description="Its own name when left empty."
          maxLength={100}
          value={draft.label}
          onChange={(event) => setDraft({ ...draft, label: event.currentTarget.value })}
        />
        <TextInput
          label="Site"
          description="Where it stands, in the words used for cameras there."
          maxLength={100}
          value={draft.site}
          onChange={(event) => setDraft({ ...draft, site: event.currentTarget.value })}
        />
        <NativeSelect
          label="Its silence matters"
          description="A source that falls silent makes an alert."
          value={draft.expected}
          data={expectations.map((entry) => ({ ...entry }))}
          onChange={(event) =>
            setDraft({
              ...draft,
              expected: expectations.find(({ value }) => value === event.currentTarget.value)?.value ?? 'auto',
            })
          }
        />
        <TextInput
          label="After minutes without an event"
          description="Learned from its rhythm when left empty."
          inputMode="numeric"
          disabled={draft.expected === 'never'}
          value={draft.quietMinutes}
          onChange={(event) => setDraft({ ...draft, quietMinutes: event.currentTarget.value })}
        />
        <TextInput
          label="Events a second, at most"
          description="On average; the usual limit when left empty."
          inputMode="numeric"
          value={draft.eventsPerSecond}
          onChange={(event) => setDraft({ ...draft, eventsPerSecond: event.currentTarget.value })}
        />
        <TextInput
          label="Megabytes a day, at most"
          description={`Today so far: ${formatBytes(source.bytes_today)}.`}
          inputMode="numeric"
          value={draft.megabytesPerDay}
          onChange={(event) => setDraft({ ...draft, megabytesPerDay: event.currentTarget.value })}
        />
      </div>
      {wanted === undefined ? (
        <p className="bad" role="alert">
          Times and limits are whole numbers from 1 on.
        </p>
      ) : null}
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      <div>
        <Button type="submit" variant="default" loading={save.isPending} disabled={!isChanged}>
          Save
        </Button>
      </div>
    </form>
  );
}

function SettingsFacts({ source }: { readonly source: SourceDetails }) {
  const { site, expected, quiet_after_ms: quietAfterMs, limits } = source;
  const silence = expectations.find(({ value }) => value === expected)?.label ?? expected;
  return (
    <>
      <dl className="facts">
        {site === undefined ? null : (
          <div>
            <dt>Site</dt>
            <dd>{printable(site)}</dd>
          </div>
        )}
        <div>
          <dt>Its silence matters</dt>
          <dd>
            {silence}
            {quietAfterMs === undefined ? '' : `, after ${formatSpan(quietAfterMs)}`}
          </dd>
        </div>
        <div>
          <dt>At most</dt>
          <dd>
            {formatCount(limits.events_per_second)} events a second, {formatBytes(limits.bytes_per_day)} a day
          </dd>
        </div>
      </dl>
      <p className="quiet small">An administrator may change it.</p>
    </>
  );
}

/** Who sends without a key has none to revoke. */
function ItsKey({ source }: { readonly source: SourceDetails }) {
  const { data } = useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => call('GET /v1/keys', { signal }) });
  const key = data?.keys.find(({ id }) => id === source.key_id);
  if (data === undefined) return null;
  if (key === undefined)
    return (
      <p className="quiet">
        It sends without a key. <Link href="/settings">Syslog listeners</Link> say who may.
      </p>
    );
  return (
    <div className="setting">
      <span>
        Its key: <strong>{key.name}</strong>{' '}
        <span className="quiet small">
          {key.revokedAtMs === undefined ? (
            <>
              made by {key.createdBy} <Clock at={key.createdAtMs} />
              {key.source === undefined ? ', may send under every name' : ', may send as this source only'}
            </>
          ) : (
            <>
              revoked <Clock at={key.revokedAtMs} />
            </>
          )}
        </span>
      </span>
      {key.revokedAtMs === undefined ? (
        <Link href={`/settings?revoke=${encodeURIComponent(key.id)}`}>Revoke it…</Link>
      ) : null}
    </div>
  );
}
