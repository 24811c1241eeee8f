import { Link } from 'wouter';
import { RoomHead } from '../../parts/room-head.tsx';

export function NoToken() {
  return (
    <>
      <RoomHead
        title="Follow the printed link"
        lead="Sallyport has no administrator yet. The server printed a link that may create one, in the terminal where it was started:"
      />
      <pre className="raw">http://localhost:8470/setup#…</pre>
      <p className="quiet">
        It works once, for 30 minutes, from this machine only. A restart prints a new one. There is no default password.
      </p>
      <p className="quiet">
        You made the account, but did not get to the second factor? <Link href="/sign-in">Sign in to go on</Link>.
      </p>
    </>
  );
}
