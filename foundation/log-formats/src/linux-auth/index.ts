export { parseLinuxAuth } from './parse-linux-auth.ts';
export type { LinuxAuthFact, LinuxAuthLine, LinuxAuthRefusalCode, Peer, SshKey, SudoRequest } from './fact.ts';
