import { Button, FileButton, Modal, Textarea, TextInput } from '@mantine/core';
import { IconId } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { usersQuery } from '../../api/queries.ts';
import { CertificateLine } from '../../parts/certificate-line.tsx';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { pemOfFile } from './certificates/pem-of-file.ts';

/** Somebody's cards, for whoever hands them out: what there is, a new one from a file, and one taken away. */
export function CardsOfUser({
  user,
  canManage,
  onClose,
}: {
  readonly user: { readonly id: string; readonly name: string };
  readonly canManage: boolean;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [pem, setPem] = useState('');
  const [label, setLabel] = useState('');
  const [removing, setRemoving] = useState<string>();
  const queryKey = ['certificates-of', user.id];
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call('GET /v1/users/{id}/certificates', { params: { id: user.id }, signal }),
  });
  const refresh = async (): Promise<void> => {
    await Promise.all([
      queries.invalidateQueries({ queryKey }),
      queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
    ]);
  };
  const bind = useMutation({
    mutationFn: () =>
      call('POST /v1/users/{id}/certificates', {
        params: { id: user.id },
        body: { certificate: pem, label: label.trim() === '' ? 'Smart card' : label.trim() },
        purpose: `let ${user.name} in with this certificate`,
      }),
    async onSuccess() {
      setPem('');
      setLabel('');
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: (certificate: string) =>
      call('DELETE /v1/users/{id}/certificates/{certificate}', {
        params: { id: user.id, certificate },
        purpose: `take a certificate from ${user.name}`,
      }),
    async onSuccess() {
      setRemoving(undefined);
      await refresh();
    },
  });
  const certificates = data?.certificates ?? [];
  return (
    <Modal opened onClose={onClose} title={`Cards of ${user.name}`} size="lg">
      <div className="stack">
        {error === null ? null : <ProblemNotice problem={error} />}
        {data === undefined && error === null ? <Loading heights={[48]} /> : null}
        {data !== undefined && certificates.length === 0 ? (
          <p className="quiet">None yet: nobody comes in as {user.name} with a smart card or certificate.</p>
        ) : null}
        <ul className="lines">
          {certificates.map((one) => (
            <li key={one.id}>
              <IconId size={22} stroke={1.5} aria-hidden="true" />
              <span className="line-main">
                <span className="line-name">{one.label}</span>
                <span className="quiet small">
                  {one.by_name ? 'Its authority names them' : 'Bound'} · <Clock at={one.created_at} short={false} />
                  {one.last_used_at === null ? ' · never used' : null}
                </span>
                <CertificateLine certificate={one} />
                {removing === one.id ? (
                  <span className="stack tight">
                    <span>
                      Whoever came in as {user.name} with a certificate is signed out.
                      {one.by_name ? ' It comes back when it is used again: revoke it at its authority as well.' : null}
                    </span>
                    {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
                    <span className="row">
                      <Button
                        size="compact-sm"
                        color="red"
                        loading={remove.isPending}
                        onClick={() => remove.mutate(one.id)}
                      >
                        Remove {one.label}
                      </Button>
                      <Button size="compact-sm" variant="default" onClick={() => setRemoving(undefined)}>
                        Cancel
                      </Button>
                    </span>
                  </span>
                ) : null}
              </span>
              {canManage && removing !== one.id ? (
                <span className="line-actions">
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`Remove ${one.label}…`}
                    onClick={() => setRemoving(one.id)}
                  >
                    Remove…
                  </Button>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
        {canManage ? (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              bind.mutate();
            }}
          >
            <h3>Bind a card</h3>
            <Textarea
              label="The certificate on it, as PEM"
              description="Its public half is enough. Be sure whose card it is: whoever holds it, and its PIN, becomes this person."
              autosize
              minRows={2}
              maxRows={6}
              spellCheck={false}
              value={pem}
              onChange={(event) => setPem(event.currentTarget.value)}
            />
            <div>
              <FileButton
                onChange={(file) => {
                  if (file !== null) void pemOfFile(file).then(setPem);
                }}
                accept=".pem,.crt,.cer,.der"
              >
                {(props) => (
                  <Button {...props} size="compact-sm" variant="default">
                    From a file
                  </Button>
                )}
              </FileButton>
            </div>
            <TextInput
              label="What to call it"
              placeholder="Smart card"
              maxLength={64}
              autoComplete="off"
              value={label}
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
            {bind.error === null ? null : <ProblemNotice problem={bind.error} />}
            {bind.isSuccess ? (
              <Notice tone="good" title="Bound">
                <p>{user.name} can sign in with it from now on.</p>
              </Notice>
            ) : null}
            <div className="row">
              <Button type="submit" loading={bind.isPending} disabled={pem.trim() === ''}>
                Bind it to {user.name}
              </Button>
              <Button variant="default" onClick={onClose}>
                Close
              </Button>
            </div>
          </form>
        ) : null}
      </div>
    </Modal>
  );
}
