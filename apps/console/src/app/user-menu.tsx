import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconLogout, IconMoon, IconSun } from '@tabler/icons-react';
import type { Me } from '../api/queries.ts';
import { roleName } from '../parts/role-name.ts';
import { useSignOut } from './use-sign-out.ts';

export function UserMenu({ me }: { readonly me: Me }) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const signOut = useSignOut();
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <div className="user-menu">
      <div className="user-name">
        <strong>{me.user.name}</strong>
        <span>{me.user.roles.map(roleName).join(', ')}</span>
      </div>
      <Tooltip label={`Use the ${other} theme`} openDelay={400}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={`Use the ${other} theme`}
          onClick={() => setColorScheme(other)}
        >
          {scheme === 'dark' ? <IconSun size={18} stroke={1.7} /> : <IconMoon size={18} stroke={1.7} />}
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Sign out" openDelay={400}>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Sign out" onClick={() => signOut.mutate()}>
          <IconLogout size={18} stroke={1.7} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
