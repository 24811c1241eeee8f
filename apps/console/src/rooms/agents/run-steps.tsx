import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { timelineQuery, timelineSearch } from './agents-query.ts';
import type { Run, TimelinePart } from './agents-query.ts';
import { runStep, type RunStep } from './run-step.ts';
import { StepContentNote } from './step-content-note.tsx';

const verdictWords = { allow: 'went ahead', ask: 'asked', deny: 'refused' } as const;

/** Every step of a run with what was decided and why, newest first: a part of them at a time, which stands in the address. */
export function RunSteps({ run }: { readonly run: Run }) {
  const { get, change } = useAddress();
  const part = partOf(get);
  const { data, error, refetch, isPlaceholderData } = useQuery(timelineQuery(run, part));
  const list = useRef<HTMLOListElement>(null);
  const asked = useRef(false);
  const steps = (data?.events ?? []).flatMap((row) => runStep(row) ?? []);
  const [top, bottom] = [data?.events.at(0)?.position, data?.events.at(-1)?.position];
  // Whoever goes by keyboard or ear, or scrolled down to the button, goes on at the first step of the part they asked for.
  useEffect(() => {
    const first = list.current?.firstElementChild;
    if (!asked.current || isPlaceholderData || !(first instanceof HTMLElement)) return;
    asked.current = false;
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: 'start' });
  }, [isPlaceholderData, top]);
  const show = (address: { readonly earlier?: string | undefined; readonly later?: string | undefined }): void => {
    asked.current = true;
    change({ earlier: undefined, later: undefined, ...address });
  };
  return (
    <section aria-label="Steps">
      {part.kind === 'newest' ? null : (
        <div className="row">
          {data?.hasLater === true ? (
            <Button
              size="compact-sm"
              variant="default"
              loading={isPlaceholderData}
              onClick={() => show({ later: top })}
            >
              Later steps
            </Button>
          ) : null}
          <Button size="compact-sm" variant="default" onClick={() => show({})}>
            Newest steps
          </Button>
        </div>
      )}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[40, 40, 40]} /> : null}
      <ol ref={list} className="lines agent-steps" aria-label="What it did, newest first" aria-busy={isPlaceholderData}>
        {steps.map((step) => (
          <Step key={step.position} step={step} />
        ))}
      </ol>
      {data === undefined ? null : (
        <div className="row spread">
          {data.hasEarlier ? (
            <Button
              size="compact-sm"
              variant="default"
              loading={isPlaceholderData}
              onClick={() => show({ earlier: bottom })}
            >
              Earlier steps
            </Button>
          ) : null}
          <Link href={`/search?q=${encodeURIComponent(timelineSearch(run.id))}`} className="small">
            {steps.length === 0 ? 'Nothing is searchable of it yet. Search' : 'All of it in Search'}
          </Link>
        </div>
      )}
    </section>
  );
}

function partOf(get: (name: string) => string | undefined): TimelinePart {
  for (const kind of ['earlier', 'later'] as const) {
    const than = get(kind);
    if (than !== undefined) return { kind, than };
  }
  return { kind: 'newest' };
}

/** What comes from others stands in its own direction, so that no name turns the words beside it around. */
function Step({ step }: { readonly step: RunStep }) {
  return (
    <li tabIndex={-1}>
      <span className="line-main">
        <span className="line-name breaks">
          {step.verdict === undefined ? null : (
            <span className="chip" data-verdict={step.verdict}>
              {verdictWords[step.verdict]}
            </span>
          )}{' '}
          <bdi>{printable(step.title)}</bdi>
        </span>
        <span className="quiet small breaks">
          <Clock at={step.received} />
          {step.child === undefined ? null : (
            <>
              {' · sub-agent '}
              <bdi>{printable(step.child)}</bdi>
            </>
          )}
          {step.detail === '' ? null : (
            <>
              {' · '}
              <bdi>{printable(step.detail)}</bdi>
            </>
          )}
        </span>
        {step.notes.map((note) => (
          <StepContentNote key={note.words} note={note} />
        ))}
      </span>
    </li>
  );
}
