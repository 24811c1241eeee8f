import { Button, NumberInput, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';

type Settings = Answer<'GET /v1/settings/access-risk'>;
type Preview = Answer<'POST /v1/settings/access-risk/preview'>;

const queryKey = ['access-risk-settings'];

/** From which risk on what happens; tried on what was, before it is set. */
export function RiskSettings({ canChange }: { readonly canChange: boolean }) {
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call('GET /v1/settings/access-risk', { signal }),
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return null;
  return <SettingsForm key={JSON.stringify(data)} saved={data} canChange={canChange} />;
}

function SettingsForm({ saved, canChange }: { readonly saved: Settings; readonly canChange: boolean }) {
  const queries = useQueryClient();
  const [settings, setSettings] = useState(saved);
  const isSame = JSON.stringify(settings) === JSON.stringify(saved);
  const preview = useMutation({ mutationFn: () => call('POST /v1/settings/access-risk/preview', { body: settings }) });
  const save = useMutation({
    mutationFn: () => call('PUT /v1/settings/access-risk', { body: settings, purpose: 'change what a risk means' }),
    onSuccess: () => queries.invalidateQueries({ queryKey }),
  });
  const set = (change: Partial<Settings>): void => {
    preview.reset();
    setSettings({ ...settings, ...change });
  };
  const number = (name: 'tell_from' | 'stronger_from', label: string, [min, max]: readonly [number, number]) => (
    <NumberInput
      label={label}
      description={`${min} to ${max} of 100`}
      min={min}
      max={max}
      clampBehavior="blur"
      disabled={!canChange}
      value={settings[name]}
      onChange={(value) => (typeof value === 'number' ? set({ [name]: value }) : undefined)}
    />
  );
  const choice = (name: 'end_when_far_apart' | 'end_when_other_browser' | 'mail', label: string) => (
    <Switch
      label={label}
      disabled={!canChange}
      checked={settings[name]}
      onChange={(event) => set({ [name]: event.currentTarget.checked })}
    />
  );
  return (
    <section className="sheet stack tight" aria-labelledby="risk-settings">
      <h2 id="risk-settings">What a risk means</h2>
      <form
        className="stack tight"
        onSubmit={(event) => {
          event.preventDefault();
          if (preview.data === undefined) preview.mutate();
          else save.mutate();
        }}
      >
        <div className="row form-row">
          {number('tell_from', 'An alert from', [10, 60])}
          {number('stronger_from', 'A stronger factor from', [20, 75])}
        </div>
        {choice('end_when_far_apart', 'End a session that is in two places too far apart')}
        {choice('end_when_other_browser', 'End a session that another browser uses')}
        {choice('mail', 'Write to people about sign-ins that are unlike them')}
        {canChange && !isSame ? (
          <>
            {preview.data === undefined ? null : <Previewed preview={preview.data} />}
            {preview.error === null ? null : <ProblemNotice problem={preview.error} />}
            {save.error === null ? null : <ProblemNotice problem={save.error} />}
            <div className="row">
              <Button
                type="submit"
                variant={preview.data === undefined ? 'default' : 'filled'}
                loading={preview.isPending || save.isPending}
              >
                {preview.data === undefined ? 'Who would be concerned?' : 'Set it so'}
              </Button>
              <Button variant="default" onClick={() => set(saved)}>
                As it was
              </Button>
            </div>
          </>
        ) : null}
      </form>
    </section>
  );
}

function Previewed({ preview }: { readonly preview: Preview }) {
  const { people, sign_ins: signIns, told, stronger, ended, affected, affected_people: count } = preview;
  return (
    <Notice
      tone={affected.some(({ fewer }) => fewer > 0) ? 'warn' : 'plain'}
      title={
        count === 0
          ? 'It would have made no difference to anybody'
          : `It would have made a difference to ${plural(count, 'person', 'people')} of ${people}`
      }
    >
      <p className="small">
        By {plural(signIns, 'sign-in')} of the last 30 days: alerts {told.now} → {told.after}, stronger factors{' '}
        {stronger.now} → {stronger.after}, ended sessions {ended.now} → {ended.after}.
      </p>
      <ul className="plain-points small">
        {affected.slice(0, 12).map(({ id, name, more, fewer, words }) => (
          <li key={id}>
            <strong>{printable(name)}</strong>: {more === 0 ? '' : `${more} more`}
            {more === 0 || fewer === 0 ? '' : ', '}
            {fewer === 0 ? '' : `${fewer} fewer`}{' '}
            <span className="quiet">{words.map((one) => printable(one)).join('; ')}</span>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
