import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';

const nobodyWords: Readonly<Record<string, string>> = {
  unknown: 'It is bound to nobody, and names nobody who has an account here.',
  'name-ambiguous': 'It names more than one person, or writes a name as nobody writes it.',
  'name-of-another': 'It is bound to one person and names another.',
  'domain-not-trusted': 'Its name is of a domain that its authority is not trusted for.',
  'administrator-not-named': 'It names somebody who decides what others may do: they must bind it instead.',
  'may-not-sign-in': 'Whom it belongs to may not sign in.',
};

/** Whether a certificate would be accepted and whose it is, before anybody stands at the door with it. */
export function TryCertificate() {
  const [pem, setPem] = useState('');
  const look = useMutation({
    mutationFn: () => call('POST /v1/certificate-authorities/check', { body: { certificate: pem } }),
  });
  const { data } = look;
  return (
    <section className="sheet" aria-labelledby="try-certificate">
      <h2 id="try-certificate">Try a certificate</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          look.mutate();
        }}
      >
        <Textarea
          label="Somebody’s certificate, as PEM"
          description="Its public half is enough. Nothing is changed."
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          value={pem}
          onChange={(event) => setPem(event.currentTarget.value)}
        />
        {look.error === null ? null : <ProblemNotice problem={look.error} />}
        {data === undefined ? null : data.accepted ? (
          <Notice
            tone={data.user === null ? 'warn' : 'good'}
            title={
              data.user === null ? 'It is good, and opens no account' : `It opens the account of ${data.user.name}`
            }
          >
            <p>
              {printable(data.subject ?? '')}, accepted by {data.authorities.map((name) => printable(name)).join(', ')}.{' '}
              {nobodyWords[data.nobody_because ?? ''] ?? ''}
            </p>
          </Notice>
        ) : (
          <Notice tone="warn" title="It would be refused">
            <p>
              {printable(data.subject ?? '')}: {data.refused_because}.
            </p>
          </Notice>
        )}
        <div>
          <Button type="submit" variant="default" loading={look.isPending} disabled={pem.trim() === ''}>
            Look at it
          </Button>
        </div>
      </form>
    </section>
  );
}
