import { TextInput } from '@mantine/core';
import {
  IconBrandWindows,
  IconCloudUp,
  IconDeviceDesktopAnalytics,
  IconFileUpload,
  IconRouter,
  IconSearch,
  IconTerminal2,
} from '@tabler/icons-react';
import { useState } from 'react';
import type { Recipe } from './source-queries.ts';

/** A file is no recipe of the server: this page sends it. */
export const fileKind = 'file';

/** The one recipe whose sender chooses its name itself. */
export const sensorRecipe = 'sensor';

type Card = {
  readonly id: string;
  readonly title: string;
  readonly words: string;
  readonly way: string;
  readonly icon: typeof IconSearch;
};

const ways: Readonly<Record<Recipe['sends'], string>> = {
  syslog: 'syslog',
  hec: 'Splunk HEC',
  otlp: 'OpenTelemetry, OTLP',
  events: 'JSON lines over HTTP',
};

/** Everything that can be a source, as cards; what is typed narrows them. */
export function RecipeCards({
  recipes,
  onChoose,
}: {
  readonly recipes: readonly Recipe[];
  readonly onChoose: (id: string) => void;
}) {
  const [text, setText] = useState('');
  const cards: readonly Card[] = [
    ...recipes.toSorted(sensorFirst).map(({ id, title, about, sends, needs, listener }) => ({
      id,
      title,
      words: about,
      way: needs === 'listener' ? `${ways[sends]} over ${(listener ?? 'tcp').toUpperCase()}` : ways[sends],
      icon: iconOf(id, sends),
    })),
    {
      id: fileKind,
      title: 'A file',
      words: 'Drop it on this page: an event log of Windows, JSON, CloudTrail, any log.',
      way: 'from this browser',
      icon: IconFileUpload,
    },
  ];
  const words = text.trim().toLowerCase().split(/\s+/);
  const found = cards
    .filter((card) =>
      words.every((word) => `${card.title} ${card.words} ${card.way} ${card.id}`.toLowerCase().includes(word)),
    )
    .toSorted((a, b) => Number(isNamed(b, words)) - Number(isNamed(a, words)));
  return (
    <div className="stack">
      <TextInput
        aria-label="Find a sender"
        placeholder="rsyslog, Windows, a file…"
        leftSection={<IconSearch size={16} aria-hidden="true" />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [best] = found;
          if (event.key === 'Enter' && text.trim() !== '' && best !== undefined) onChoose(best.id);
        }}
      />
      <ul className="recipe-cards" aria-label="Senders">
        {found.map(({ id, title, words: about, way, icon: Icon }) => (
          <li key={id}>
            <button type="button" className="recipe-card" onClick={() => onChoose(id)}>
              <Icon size={22} stroke={1.5} aria-hidden="true" />
              <span>
                <strong>{title}</strong>
                <span className="quiet small">{about}</span>
                <span className="small recipe-way">{way}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 ? (
        <p className="quiet" role="status">
          Nothing here by that name. Whatever speaks syslog, Splunk HEC, OTLP or HTTP can send: choose the way instead.
        </p>
      ) : null}
    </div>
  );
}

/** Its name says it, not only what is told of it. */
function isNamed({ id, title }: Card, words: readonly string[]): boolean {
  return words.every((word) => `${title} ${id}`.toLowerCase().includes(word));
}

/** What sees the most of a host stands before the ways to send some of its logs. */
function sensorFirst(a: Recipe, b: Recipe): number {
  return Number(b.id === sensorRecipe) - Number(a.id === sensorRecipe);
}

function iconOf(id: string, sends: Recipe['sends']): typeof IconSearch {
  if (/win/i.test(id)) return IconBrandWindows;
  if (id === sensorRecipe) return IconDeviceDesktopAnalytics;
  if (sends === 'syslog') return IconRouter;
  return sends === 'events' ? IconTerminal2 : IconCloudUp;
}
