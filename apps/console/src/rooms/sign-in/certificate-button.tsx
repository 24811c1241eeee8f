import { Button } from '@mantine/core';
import { IconId } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';

/** Goes to the door where the browser asks which certificate to show. Only where there is one. */
export function CertificateButton() {
  const { data } = useQuery({
    queryKey: ['session-certificate'],
    queryFn: ({ signal }) => call('GET /v1/session/certificate', { signal }),
    staleTime: 60_000,
  });
  const go = useMutation({
    mutationFn: () =>
      call('POST /v1/session/certificate/begin', {
        body: { return_to: `${location.pathname}${location.search}`.slice(0, 500) },
      }),
    onSuccess: ({ url }) => location.assign(url),
  });
  if (data?.offered !== true) return null;
  return (
    <>
      <Button
        variant="default"
        size="md"
        loading={go.isPending || go.isSuccess}
        leftSection={<IconId size={18} aria-hidden="true" />}
        onClick={() => go.mutate()}
      >
        Use a smart card or certificate
      </Button>
      {go.error === null ? null : <ProblemNotice problem={go.error} />}
    </>
  );
}
