import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loading } from '../../../parts/loading.tsx';
import { LevelMark } from '../../../parts/level.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { ReasonDialog } from '../../../parts/reason-dialog.tsx';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { keyOfLine, MarkedLine } from '../../../parts/text-line.tsx';
import { ruleDifferenceQuery } from './packs-queries.ts';
import type { Release, RuleDifference } from './packs-queries.ts';
import { usePackChange } from './use-pack-change.ts';

type Line = RuleDifference['lines'][number];

/** Lines that are shown around what is different. */
const around = 3;

/** A rule of a release, line by line beside the one in force. */
export function RuleChangePanel({
  of,
  rule,
  isOff,
  canManage,
  onClose,
}: {
  readonly of: Release;
  readonly rule: string;
  readonly isOff: boolean;
  readonly canManage: boolean;
  readonly onClose: () => void;
}) {
  const { data, error } = useQuery(ruleDifferenceQuery(of, rule));
  const [isAsking, setAsking] = useState(false);
  const off = usePackChange('PUT /v1/rules/packs/{name}/off/{rule}');
  const shown = data?.after ?? data?.before ?? undefined;
  return (
    <SidePanel
      title={shown === undefined ? 'Rule' : printable(shown.title)}
      label="Rule of the pack"
      onClose={onClose}
      above={shown === undefined ? undefined : <LevelMark level={shown.level} />}
    >
      {error === null ? null : <ProblemNotice problem={error} />}
      {data === undefined && error === null ? <Loading heights={[220]} /> : null}
      {shown === undefined ? null : (
        <>
          <p className="small quiet wrap-anywhere">
            {printable(shown.file)}:{shown.line} · {shown.status} · {printable(shown.author)}
          </p>
          <RuleLines lines={data?.lines ?? []} />
          {canManage && !isOff && data?.after !== null ? (
            <Button variant="default" onClick={() => setAsking(true)}>
              Switch this rule off
            </Button>
          ) : null}
          {isOff ? <p>This rule is switched off, in this and every later release.</p> : null}
        </>
      )}
      {isAsking && shown !== undefined ? (
        <ReasonDialog
          title={`Switch off “${printable(shown.title)}”`}
          points={['It stays off in every later release of this pack.', 'Other rules of the pack are not affected.']}
          confirm="Switch off"
          isPending={off.isPending}
          problem={off.error === null ? null : <ProblemNotice problem={off.error} />}
          onConfirm={(reason) =>
            off.mutate({ params: { name: of.name, rule }, body: { reason } }, { onSuccess: () => setAsking(false) })
          }
          onClose={() => setAsking(false)}
        />
      ) : null}
    </SidePanel>
  );
}

/** What is different, with some lines around it; the rest where it is asked for. */
function RuleLines({ lines }: { readonly lines: readonly Line[] }) {
  const [isWhole, setWhole] = useState(false);
  const different = lines.flatMap(({ kind }, place) => (kind === 'same' ? [] : [place]));
  const isNear = (place: number): boolean => different.some((other) => Math.abs(other - place) <= around);
  // A text that is new, gone or the same has nothing to be shown around.
  const isPartial = !isWhole && different.length > 0 && different.length < lines.length;
  return (
    <>
      <pre className="pack-diff" tabIndex={0} aria-label="Text of the rule, line by line">
        {lines.map((line, place) => {
          if (isPartial && !isNear(place)) return isNear(place + 1) && place > 0 ? <Gap key={keyOfLine(line)} /> : null;
          return <MarkedLine key={keyOfLine(line)} line={line} />;
        })}
      </pre>
      {isPartial ? (
        <button type="button" className="plain-button small" onClick={() => setWhole(true)}>
          Show the whole rule
        </button>
      ) : null}
    </>
  );
}

function Gap() {
  return <span className="quiet">{'…\n'}</span>;
}
