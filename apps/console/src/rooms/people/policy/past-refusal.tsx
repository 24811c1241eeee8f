import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAddress } from '../../../app/address.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { Seal } from '../../../seal/seal.tsx';
import { ExplanationView } from './explanation.tsx';
import { pastQuery } from './policy-queries.ts';

/** Why something was refused: by the id that whoever was refused was told, or by the place of its record. */
export function PastRefusal() {
  const { get, change } = useAddress();
  const decision = get('decision') ?? '';
  const [named, setNamed] = useState(decision);
  return (
    <section className="sheet stack" aria-label="Why something was refused">
      <form
        className="row form-row"
        onSubmit={(event) => {
          event.preventDefault();
          change({ decision: named.trim() });
        }}
      >
        <TextInput
          className="grow"
          label="A refusal of the past"
          description="The id under “Details” of the refusal, or the position of its record in the audit trail (1/4711)"
          value={named}
          maxLength={40}
          onChange={(event) => setNamed(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Explain
        </Button>
      </form>
      {decision === '' ? null : <Told decision={decision} />}
    </section>
  );
}

function Told({ decision }: { readonly decision: string }) {
  const { data, error } = useQuery(pastQuery(decision));
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[120]} />;
  const { story, at_the_time: atTheTime, untold } = data;
  const isRefused = data.decision.outcome === 'denied';
  return (
    <div className="stack tight" aria-live="polite">
      <Notice tone={isRefused ? 'bad' : 'good'} title={isRefused ? 'It was refused' : 'It was let through'}>
        <ol className="story">
          {story.map((sentence, place) => (
            <li key={place}>{printable(sentence)}</li>
          ))}
        </ol>
        <Seal position={data.decision.position} />
      </Notice>
      {untold === undefined ? null : <p className="quiet small">{printable(untold)}</p>}
      {atTheTime === undefined || atTheTime.policies.length === 0 ? null : (
        <>
          <h3 className="small">What the policies of then say</h3>
          <ExplanationView explained={atTheTime} />
        </>
      )}
    </div>
  );
}
