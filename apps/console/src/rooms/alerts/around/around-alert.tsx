import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Me } from '../../../api/queries.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { AroundList } from './around-list.tsx';
import { AroundTimeline } from './around-timeline.tsx';
import { aroundQuery, spans } from './around-query.ts';
import { GraphPicture } from './graph-picture.tsx';
import { NodeDetails } from './node-details.tsx';

/** More than these are a thicket: the list has them all. */
const mostDrawn = 36;
const spanWords: Readonly<Record<(typeof spans)[number], string>> = { 1: '1 h', 6: '6 h', 24: '1 day', 168: '7 days' };
/** Where a picture would be too small to touch, the list comes first. */
const isNarrow = (): boolean => globalThis.matchMedia('(max-width: 480px)').matches;

/** Who and what is near an alert in time and relation: a picture, the same as a list, and when it happened. */
export function AroundAlert({ id, me }: { readonly id: string; readonly me: Me }) {
  const [hours, setHours] = useState<(typeof spans)[number]>(6);
  const [shape, setShape] = useState<'picture' | 'list'>(() => (isNarrow() ? 'list' : 'picture'));
  const [selected, setSelected] = useState<string>();
  const [until, setUntil] = useState<number>();
  const { data, error, refetch } = useQuery(aroundQuery(id, hours));
  const shown = useMemo(() => {
    if (data === undefined) return undefined;
    const untilMs = until ?? Number.POSITIVE_INFINITY;
    const edges = data.edges.filter(({ first_seen: first }) => first === undefined || Date.parse(first) <= untilMs);
    const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
    const nodes = data.nodes.filter(({ id: node, hop }) => hop === 0 || joined.has(node));
    return { nodes, edges };
  }, [data, until]);
  const drawn = shown?.nodes.slice(0, mostDrawn) ?? [];
  const drawnIds = new Set(drawn.map(({ id: node }) => node));
  const node = shown?.nodes.find(({ id: known }) => known === selected);
  const select = (next: string): void => setSelected(next === selected ? undefined : next);
  return (
    <section aria-labelledby="around" className="around stack tight">
      <div className="row spread">
        <h3 id="around">Around this alert</h3>
        <div className="row">
          <SegmentedControl
            size="xs"
            aria-label="Hours before and after"
            value={String(hours)}
            data={spans.map((value) => ({ value: String(value), label: spanWords[value] }))}
            onChange={(value) => {
              setHours(spans.find((span) => String(span) === value) ?? 6);
              setUntil(undefined);
            }}
          />
          <SegmentedControl
            size="xs"
            aria-label="Shown as"
            value={shape}
            data={[
              { value: 'picture', label: 'Picture' },
              { value: 'list', label: 'List' },
            ]}
            onChange={(value) => setShape(value === 'list' ? 'list' : 'picture')}
          />
        </div>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[260]} /> : null}
      {data === undefined || shown === undefined ? null : (
        <>
          {shown.nodes.length === 0 ? <p className="quiet">Nobody and nothing is known to be near it.</p> : null}
          {shape === 'picture' && shown.nodes.length > 0 ? (
            <GraphPicture
              around={data}
              nodes={drawn}
              edges={shown.edges.filter(({ from, to }) => drawnIds.has(from) && drawnIds.has(to))}
              selected={selected}
              onSelect={select}
            />
          ) : null}
          {shape === 'list' ? (
            <AroundList around={data} nodes={shown.nodes} edges={shown.edges} selected={selected} onSelect={select} />
          ) : null}
          {shape === 'picture' && shown.nodes.length > drawn.length ? (
            <p className="quiet small">
              Drawn are the {drawn.length} nearest; {plural(shown.nodes.length - drawn.length, 'further one')} in the
              list.
            </p>
          ) : null}
          {data.hints.map((hint) => (
            <p key={hint} className="quiet small">
              {hint}.
            </p>
          ))}
          {node === undefined ? null : (
            <NodeDetails
              key={`${node.id} ${node.criticality.level}`}
              node={node}
              nodes={data.nodes}
              edges={data.edges}
              me={me}
            />
          )}
          <AroundTimeline around={data} selected={selected} until={until} onUntil={setUntil} />
        </>
      )}
    </section>
  );
}
