import { Button } from '@mantine/core';
import { IconDownload, IconFingerprint } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { callText } from '../../api/call.ts';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import type { Promised } from '../keys/key-words.ts';
import { downloadText } from '../../seal/download.ts';
import { CancelIntent } from './cancel-intent.tsx';
import type { Approver, Intent } from './destructions-query.ts';
import { canCancel, canSign, intentTitle, isDestruction, isEnded, standingOf, stepsOf } from './intent-words.ts';
import { KeyNames } from './key-names.tsx';
import { SignIntent } from './sign-intent.tsx';
import { StepList } from './step-list.tsx';

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One wish to destroy, to keep shorter or to release, with its way and what whoever looks at it may do. */
export function IntentCard({
  intent,
  holdName,
  names,
  userId,
  approver,
  canManage,
  promise,
}: {
  readonly intent: Intent;
  readonly holdName: string | undefined;
  readonly names: ReadonlyMap<string, string>;
  readonly userId: string;
  /** What the person who looks has enrolled; undefined when nothing. */
  readonly approver: Approver | undefined;
  readonly canManage: boolean;
  /** What a destruction is worth where the master keys are kept; undefined while that is not known. */
  readonly promise: Promised | undefined;
}) {
  const [open, setOpen] = useState<'sign' | 'cancel'>();
  const certificate = useMutation({
    mutationFn: () => callText('GET /v1/vault/destructions/{id}/certificate', { params: { id: intent.id } }),
    onSuccess: (text) => downloadText(`destruction-${intent.id}.json`, text, 'application/json'),
  });
  const { word, tone } = standingOf(intent);
  const title = intentTitle({ ...intent, holdName });
  const signing = canSign(intent, userId, approver);
  const link = new URL(`/retention?tab=erasures&open=${intent.id}`, location.href).href;
  const close = (): void => setOpen(undefined);
  return (
    <section className="sheet intent" id={`intent-${intent.id}`} aria-label={title} data-ended={isEnded(intent)}>
      <div className="sheet-head">
        <h3>{title}</h3>
        <span className={`state-mark ${tone}`}>{word}</span>
      </div>
      <p className="quiet small">{printable(intent.reason)}</p>
      <div className="intent-body">
        <StepList steps={stepsOf(intent, names)} label={`Steps: ${title}`} />
        <div className="stack">
          {intent.obstacles.length === 0 || isEnded(intent) ? null : (
            <Notice title="What is missing">
              {intent.obstacles.map(({ kind, message, hint }) => (
                <p key={`${kind} ${message}`}>
                  {printable(message)}.
                  {hint === undefined ? null : <span className="quiet"> {capitalised(printable(hint))}.</span>}
                </p>
              ))}
            </Notice>
          )}
          {promise === undefined || promise.tone === 'good' || !isDestruction(intent) ? null : (
            <Notice tone="warn" title={promise.word}>
              <p>
                {promise.text} <Link href="/keys">Where master keys are kept</Link>
              </p>
            </Notice>
          )}
          {signing.kind === 'signed' ? (
            <div className="stack tight">
              <p className="small quiet">You have signed. Somebody else opens this page and signs too:</p>
              <CopyField value={link} label="the link to this page" />
            </div>
          ) : null}
          {signing.kind === 'not-enrolled' && canManage ? (
            <p className="small quiet">To sign it, enrol your passkey for destructions first, further down.</p>
          ) : null}
          {signing.kind === 'too-early' ? (
            <p className="small quiet">
              Your passkey is enrolled, and counts{' '}
              {signing.remainingMs === undefined
                ? 'once the time is vouched for'
                : `in ${formatSpan(signing.remainingMs)}`}
              .
            </p>
          ) : null}
          <div className="row">
            {signing.kind === 'may' ? (
              <Button leftSection={<IconFingerprint size={18} aria-hidden="true" />} onClick={() => setOpen('sign')}>
                Sign…
              </Button>
            ) : null}
            {intent.hasCertificate ? (
              <Button
                variant="default"
                leftSection={<IconDownload size={18} aria-hidden="true" />}
                loading={certificate.isPending}
                onClick={() => certificate.mutate()}
              >
                Download the certificate
              </Button>
            ) : null}
            {canManage && canCancel(intent) ? (
              <Button variant="default" onClick={() => setOpen('cancel')}>
                Cancel it…
              </Button>
            ) : null}
          </div>
          {certificate.error === null ? null : <ProblemNotice problem={certificate.error} />}
          {intent.keys.length === 0 ? null : (
            <details className="fold">
              <summary>The exact list, {intent.keys.length}</summary>
              <KeyNames keys={intent.keys} kept={intent.kept} />
            </details>
          )}
        </div>
      </div>
      {open === 'sign' ? <SignIntent intent={intent} holdName={holdName} onClose={close} /> : null}
      {open === 'cancel' ? <CancelIntent intent={intent} title={title} onClose={close} /> : null}
    </section>
  );
}
