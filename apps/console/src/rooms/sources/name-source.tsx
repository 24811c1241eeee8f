import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import type { Prepared } from './prepared.ts';
import { freeName, sourceNamePattern } from './server-place.ts';
import { sensorRecipe } from './recipe-cards.tsx';
import { sourcesQuery } from './source-queries.ts';
import type { Recipe } from './source-queries.ts';

const sensorPrefix = 'host-';

/** A name, and a key that may send as it and nothing else. */
export function NameSource({
  recipe,
  made,
  onMade,
}: {
  readonly recipe: Recipe;
  readonly made: Prepared | undefined;
  readonly onMade: (made: Prepared) => void;
}) {
  const queries = useQueryClient();
  const { data } = useQuery(sourcesQuery);
  const [typed, setTyped] = useState<string>();
  const isSensor = recipe.id === sensorRecipe;
  const name = typed ?? (isSensor ? '' : freeName(recipe.id, data?.sources.map((source) => source.name) ?? []));
  const source = isSensor ? `${sensorPrefix}${name.toLowerCase()}` : name;
  const isValid = name !== '' && sourceNamePattern.test(source);
  const create = useMutation({
    mutationFn: (source: string) =>
      call('POST /v1/keys', {
        body: { name: `Source ${source}`, scopes: ['events:write'], source },
        purpose: 'make a key for this source',
      }),
    onSuccess: ({ id, key, createdAtMs }, source) => {
      onMade({ source, key, expected: { kind: 'key', keyId: id, sinceMs: createdAtMs } });
      return queries.invalidateQueries({ queryKey: ['keys'] });
    },
  });
  if (made !== undefined)
    return (
      <p>
        <strong>{made.source}</strong> <span className="quiet">with a key that may send as it and nothing else.</span>
      </p>
    );
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(source);
      }}
    >
      <div className="row form-row">
        <TextInput
          className="grow"
          label={isSensor ? 'Name of the host' : 'Name of the source'}
          description={
            isSensor
              ? 'As hostname prints it there: a sensor calls itself by it, and its key is for that alone.'
              : 'The machine or program that sends. It stands in every event of it.'
          }
          placeholder={isSensor ? 'web-01' : undefined}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          value={name}
          error={name === '' || isValid ? undefined : 'Letters, digits and . _ - only; a letter or digit first'}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit" loading={create.isPending} disabled={!isValid}>
          Make its key
        </Button>
      </div>
      {create.error === null ? null : <ProblemNotice problem={create.error} />}
    </form>
  );
}
