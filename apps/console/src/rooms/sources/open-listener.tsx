import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { sourceAddress } from '../../parts/source-address.ts';
import { listenerOwners } from './prepared.ts';
import type { Prepared } from './prepared.ts';
import { defaultNetworks, defaultPorts, listenerChange, parseNetworks, transportWords } from './listener-change.ts';
import type { Transport } from './listener-change.ts';
import { listenersQuery, sourcesOfQuery } from './source-queries.ts';
import type { Listeners, Recipe } from './source-queries.ts';

type StepProps = {
  readonly me: Me;
  readonly recipe: Recipe;
  readonly made: Prepared | undefined;
  readonly onMade: (made: Prepared) => void;
};

/** Syslog needs no key: the server has to listen. It says what that opens, and for whom. */
export function OpenListener({ me, recipe, made, onMade }: StepProps) {
  const transport: Transport = recipe.listener ?? 'tcp';
  const { data, error, refetch } = useQuery({ ...listenersQuery, enabled: may(me, 'settings:read') });
  if (!may(me, 'settings:manage')) return <Notice title="An administrator opens the listener for syslog" />;
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[120]} />;
  if (made !== undefined)
    return (
      <p>
        Listening for {transportWords[transport]} on port <strong>{made.port}</strong>{' '}
        <span className="quiet">from {data.allowed_networks.join(', ')}.</span>
      </p>
    );
  return <ListenerStep key={transport} listeners={data} transport={transport} onMade={onMade} />;
}

function ListenerStep({
  listeners,
  transport,
  onMade,
}: {
  readonly listeners: Listeners;
  readonly transport: Transport;
  readonly onMade: (made: Prepared) => void;
}) {
  const queries = useQueryClient();
  const openPort = listeners[transport].port;
  const [port, setPort] = useState(String(openPort ?? defaultPorts[transport]));
  const [networks, setNetworks] = useState(
    (listeners.allowed_networks.length === 0 ? defaultNetworks : listeners.allowed_networks).join(', '),
  );
  const wanted = { port: Number(port), networks: parseNetworks(networks) };
  const isSame = openPort === wanted.port && wanted.networks.join() === listeners.allowed_networks.join();
  const isValid =
    Number.isInteger(wanted.port) && wanted.port > 0 && wanted.port < 65_536 && wanted.networks.length > 0;
  const open = useMutation({
    mutationFn: async (): Promise<Prepared> => {
      const before = isSame
        ? listeners
        : await call('PUT /v1/settings/listeners', { body: listenerChange(listeners, transport, wanted) });
      const sources = await queries.query({ ...sourcesOfQuery(listenerOwners), staleTime: 0 });
      return {
        source: 'syslog',
        port: wanted.port,
        expected: {
          kind: 'listener',
          transport,
          acceptedBefore: new Map(sources.map((source) => [sourceAddress(source), source.accepted])),
          refusedBefore: before.refused_by,
        },
      };
    },
    onSuccess: async (prepared) => {
      await queries.invalidateQueries({ queryKey: listenersQuery.queryKey });
      onMade(prepared);
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate();
      }}
    >
      <div className="listener-fields">
        <TextInput
          label="Port"
          description="Over 1023."
          inputMode="numeric"
          value={port}
          onChange={(event) => setPort(event.currentTarget.value)}
        />
        <TextInput
          label="Who may send"
          description="Addresses and networks; nobody else is listened to."
          spellCheck={false}
          value={networks}
          onChange={(event) => setNetworks(event.currentTarget.value)}
        />
      </div>
      <p className="quiet">
        {openPort === wanted.port
          ? `Open already: ${transportWords[transport]} on port ${port}.`
          : `This opens ${transport === 'udp' ? 'UDP' : 'TCP'} port ${port} on every address of the server, for ${transportWords[transport]}. It stays open over restarts, until somebody closes it in Settings.`}
        {transport === 'tls' ? '' : ' Nothing is encrypted, and who sends is known by address only.'}
      </p>
      {open.error === null ? null : <ProblemNotice problem={open.error} />}
      <div>
        <Button type="submit" loading={open.isPending} disabled={!isValid}>
          {isSame ? 'Go on' : openPort === wanted.port ? 'Let them send' : `Open port ${port}`}
        </Button>
      </div>
    </form>
  );
}
