import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../../api/queries.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { OwnEditor } from './own-editor.tsx';
import { ownDocumentQuery } from './own-policy-queries.ts';
import { templateTests, templateText } from './own-template.ts';

export function OwnDocument({ me, id }: { readonly me: Me; readonly id: string }) {
  return id === 'new' ? (
    <OwnEditor
      me={me}
      saved={undefined}
      begun={{ name: '', scope: { kind: 'all' }, text: templateText, tests: templateTests }}
    />
  ) : (
    <Opened me={me} id={id} />
  );
}

function Opened({ me, id }: { readonly me: Me; readonly id: string }) {
  const { data, error, refetch } = useQuery(ownDocumentQuery(id));
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[56, 400]} />;
  const { document, text, tests } = data;
  return <OwnEditor me={me} saved={document} begun={{ name: document.name, scope: document.scope, text, tests }} />;
}
