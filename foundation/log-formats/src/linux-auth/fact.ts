/** Where a connection came from. */
export type Peer = { readonly address: string; readonly port: number | undefined };

/** The command of sudo and what was asked for with it. */
export type SudoRequest = {
  readonly terminal: string | undefined;
  readonly directory: string | undefined;
  readonly targetUser: string | undefined;
  readonly targetGroup: string | undefined;
  readonly command: string | undefined;
};

/**
 * What one line of an authentication log says. Names of users come from whoever tried to sign in and may hold anything,
 * a whole forged line included. `ambiguous`: the line can be read in more than one way, and this is the reading in
 * which the program's own words, not the stranger's, decide.
 */
export type LinuxAuthFact =
  | {
      readonly kind: 'ssh_failed';
      readonly method: string;
      readonly user: string;
      readonly knownUser: boolean;
      readonly peer: Peer;
      readonly ambiguous: boolean;
    }
  | {
      readonly kind: 'ssh_accepted';
      readonly method: string;
      readonly user: string;
      readonly peer: Peer;
      readonly key: SshKey | undefined;
      readonly ambiguous: boolean;
    }
  | { readonly kind: 'ssh_invalid_user'; readonly user: string; readonly peer: Peer; readonly ambiguous: boolean }
  | { readonly kind: 'ssh_not_allowed'; readonly user: string; readonly address: string; readonly reason: string }
  | { readonly kind: 'ssh_too_many_attempts'; readonly user: string; readonly knownUser: boolean; readonly peer: Peer }
  | {
      readonly kind: 'ssh_disconnected';
      readonly user: string | undefined;
      readonly knownUser: boolean;
      readonly peer: Peer;
      readonly beforeSignIn: boolean;
      readonly by: 'peer' | 'server';
    }
  | { readonly kind: 'ssh_connection'; readonly peer: Peer }
  | { readonly kind: 'ssh_bad_banner'; readonly peer: Peer }
  | { readonly kind: 'ssh_listening'; readonly address: string; readonly port: number }
  | {
      readonly kind: 'session_opened';
      readonly service: string;
      readonly user: string;
      readonly userId: number | undefined;
      readonly by: string | undefined;
      readonly byUserId: number | undefined;
    }
  | { readonly kind: 'session_closed'; readonly service: string; readonly user: string }
  | {
      readonly kind: 'pam_failure';
      readonly service: string;
      readonly user: string | undefined;
      readonly remoteUser: string | undefined;
      readonly remoteHost: string | undefined;
      readonly terminal: string | undefined;
      readonly attempts: number;
    }
  | { readonly kind: 'pam_unknown_user'; readonly service: string }
  | { readonly kind: 'account_locked'; readonly service: string; readonly user: string }
  | { readonly kind: 'password_changed'; readonly user: string; readonly by: string | undefined }
  | { readonly kind: 'sudo_command'; readonly user: string; readonly request: SudoRequest; readonly ambiguous: boolean }
  | {
      readonly kind: 'sudo_refused';
      readonly user: string;
      readonly reason: string;
      readonly attempts: number | undefined;
      readonly request: SudoRequest;
      readonly ambiguous: boolean;
    }
  | {
      readonly kind: 'su';
      readonly user: string;
      readonly targetUser: string;
      readonly succeeded: boolean;
      readonly terminal: string | undefined;
    }
  | {
      readonly kind: 'user_added';
      readonly user: string;
      readonly userId: number | undefined;
      readonly groupId: number | undefined;
      readonly home: string | undefined;
      readonly shell: string | undefined;
    }
  | { readonly kind: 'user_deleted'; readonly user: string }
  | { readonly kind: 'group_added'; readonly group: string; readonly groupId: number | undefined }
  | { readonly kind: 'group_member_added'; readonly user: string; readonly group: string }
  | {
      readonly kind: 'login';
      readonly user: string;
      readonly terminal: string;
      readonly succeeded: boolean;
      readonly remoteHost: string | undefined;
    }
  | { readonly kind: 'seat_session_new'; readonly session: string; readonly user: string }
  | { readonly kind: 'seat_session_removed'; readonly session: string };

export type SshKey = { readonly type: string; readonly fingerprint: string; readonly certificate: string | undefined };

/** A fact, and how many times it happened when the logger folded repetitions into one line. */
export type LinuxAuthLine = { readonly fact: LinuxAuthFact; readonly times: number };

export type LinuxAuthRefusalCode = 'auth_too_long' | 'auth_not_known';
