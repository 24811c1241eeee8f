import type { Me } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { BreachedList } from './breached-list.tsx';
import { CodeSettings } from './code-settings.tsx';
import { PasskeyPolicy } from './passkey-policy.tsx';
import { RoleRules } from './role-rules.tsx';

/** How people come in: what each role must show, what passwords are measured against, and the weak codes. */
export function SignInRulesPage({ me }: { readonly me: Me }) {
  const canChange = may(me, 'settings:manage');
  return (
    <div className="room-inner">
      <RoomHead
        title="Sign-in rules"
        lead="What people must show to come in. It holds for every way in, from the next sign-in on."
      />
      <RoleRules canChange={canChange} />
      <PasskeyPolicy canChange={canChange} />
      <BreachedList />
      <CodeSettings canChange={canChange} />
    </div>
  );
}
