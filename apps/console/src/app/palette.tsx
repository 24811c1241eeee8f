import { Modal, TextInput, useMantineColorScheme } from '@mantine/core';
import {
  IconArrowRight,
  IconBroadcast,
  IconDeviceCctv,
  IconMaximize,
  IconLogout,
  IconMoon,
  IconSearch,
  IconShieldCheck,
  IconSun,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Me } from '../api/queries.ts';
import { may, roomsFor } from './rooms.ts';
import { useSignOut } from './use-sign-out.ts';

type Command = { readonly name: string; readonly icon: typeof IconSearch; readonly run: () => void };

/** ⌘K: every room, an entry by its position, a search. */
export function Palette({
  me,
  opened,
  onClose,
}: {
  readonly me: Me;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <Modal.Root
      opened={opened}
      onClose={onClose}
      lockScroll={false}
      padding={8}
      size={560}
      yOffset="14vh"
      transitionProps={{ duration: 100 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Find anything">
        <Modal.Body>
          <PaletteBody me={me} onClose={onClose} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function PaletteBody({ me, onClose }: { readonly me: Me; readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const commands = useCommands(me, text.trim());
  const current = Math.min(chosen, commands.length - 1);
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const move = (by: number): void => setChosen((current + by + commands.length) % commands.length);
  return (
    <div className="palette">
      <TextInput
        data-autofocus
        size="md"
        placeholder="A room, an entry such as 1/42, or words to search for"
        aria-label="Find anything"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={`palette-${current}`}
        leftSection={<IconSearch size={18} aria-hidden="true" />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') run(commands[current]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="palette-list" role="listbox" aria-label="What was found">
        {commands.map((command, at) => {
          const Icon = command.icon;
          return (
            <li
              key={command.name}
              id={`palette-${at}`}
              role="option"
              aria-selected={at === current}
              onPointerMove={() => setChosen(at)}
              onClick={() => run(command)}
            >
              <Icon size={18} stroke={1.7} aria-hidden="true" /> {command.name}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function useCommands(me: Me, text: string): Command[] {
  const [, navigate] = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  const wanted = text.toLowerCase();
  const position = /^\d+\/\d+$/.test(text) ? text : undefined;
  const fixed: Command[] = [
    ...roomsFor(me).map(({ path, name, icon }) => ({ name, icon, run: () => navigate(path) })),
    ...(may(me, 'keys:manage')
      ? [{ name: 'Add a source', icon: IconBroadcast, run: () => navigate('/sources/add') }]
      : []),
    ...(may(me, 'cameras:read')
      ? [
          { name: 'Review moments of the cameras', icon: IconDeviceCctv, run: () => navigate('/live/review') },
          { name: 'Cameras over the whole screen', icon: IconMaximize, run: () => navigate('/live?guard=1') },
        ]
      : []),
    { name: 'Verify an evidence file', icon: IconShieldCheck, run: () => navigate('/verify') },
    { name: 'Dark theme', icon: IconMoon, run: () => setColorScheme('dark') },
    { name: 'Light theme', icon: IconSun, run: () => setColorScheme('light') },
    { name: 'Sign out', icon: IconLogout, run: () => signOut.mutate() },
  ].filter(({ name }) => name.toLowerCase().includes(wanted));
  return [
    ...(position === undefined
      ? []
      : [
          { name: `Open event ${position}`, icon: IconArrowRight, run: () => navigate(`/search?open=${position}`) },
          { name: `Verify entry ${position}`, icon: IconShieldCheck, run: () => navigate(`/verify?at=${position}`) },
        ]),
    ...fixed,
    ...(text === ''
      ? []
      : [
          {
            name: `Search events for “${text}”`,
            icon: IconSearch,
            run: () => navigate(`/search?q=${encodeURIComponent(text)}`),
          },
        ]),
  ];
}
