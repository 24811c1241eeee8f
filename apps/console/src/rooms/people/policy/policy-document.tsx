import { Loading } from '../../../parts/loading.tsx';
import { Problem } from '../../../api/problem.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { WrittenAnew } from '../../policies/damaged.tsx';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { PolicyEditor } from './policy-editor.tsx';
import { damagedDocumentQuery, documentQuery } from './policy-queries.ts';
import { templateTests, templateText } from './policy-template.ts';

export function PolicyDocument({ me, id }: { readonly me: Me; readonly id: string }) {
  return id === 'new' ? (
    <PolicyEditor me={me} saved={undefined} name="" text={templateText} tests={templateTests} />
  ) : (
    <Opened me={me} id={id} />
  );
}

function Opened({ me, id }: { readonly me: Me; readonly id: string }) {
  const { data, error, refetch } = useQuery(documentQuery(id));
  const isDamaged = error instanceof Problem && error.code === 'policy_document_damaged';
  const damaged = useQuery({ ...damagedDocumentQuery(id), enabled: isDamaged });
  if (damaged.data?.found !== undefined && damaged.data.found !== null) {
    const { found, standing } = damaged.data;
    return (
      <PolicyEditor
        me={me}
        saved={data?.document ?? found}
        name={standing?.name ?? id}
        text={standing?.text ?? templateText}
        tests={standing?.tests ?? templateTests}
        notice={<WrittenAnew why={found.why} found={found.found} ofVersion={standing?.version} />}
      />
    );
  }
  if (isDamaged && damaged.error === null) return <Loading heights={[56, 400]} />;
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[56, 400]} />;
  return <PolicyEditor me={me} saved={data.document} name={data.document.name} text={data.text} tests={data.tests} />;
}
