// A mail server as others run them (RFC 5321), as far as a program that sends one message needs it: EHLO, STARTTLS, AUTH PLAIN, MAIL,
// RCPT, DATA. It keeps what it takes, and refuses what is out of order as a real one does.
import { createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

export type MailServer = {
  readonly port: number;
  /** What was taken, oldest first: with its head, line ends as they came. */
  readonly messages: readonly ReceivedMail[];
  /** How many connections asked for anything before they were encrypted, besides what leads to that. */
  readonly inClear: { count: number };
  close(): Promise<void>;
};

export type ReceivedMail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
};

export async function startMailServer(options: {
  readonly port?: number;
  /** Offered by STARTTLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Whoever sends must say so first. */
  readonly account?: { readonly user: string; readonly password: string };
  /** Says after STARTTLS was asked for that there is none, as somebody in between would. */
  readonly stripsTls?: boolean;
}): Promise<MailServer> {
  const messages: ReceivedMail[] = [];
  const inClear = { count: 0 };
  const open = new Set<Socket>();

  const talk = (socket: Socket, isEncrypted: boolean): void => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const offersTls = options.tls !== undefined && options.stripsTls !== true && !isEncrypted;
    let user: string | undefined;
    let from: string | undefined;
    let to: string[] = [];
    let lines: string[] | undefined;
    let rest = '';

    const command = (line: string): void => {
      const [verb = ''] = line.toUpperCase().split(/[\s:]/, 1);
      if (!isEncrypted && !['EHLO', 'STARTTLS', 'QUIT', 'NOOP'].includes(verb)) inClear.count += 1;
      if (verb === 'EHLO')
        say(['250-mail.test', ...(offersTls ? ['250-STARTTLS'] : []), '250-AUTH PLAIN', '250 8BITMIME'].join('\r\n'));
      else if (verb === 'STARTTLS' && offersTls && options.tls !== undefined) {
        say('220 Go ahead');
        socket.removeAllListeners('data');
        const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(options.tls) });
        talk(secure, true);
      } else if (verb === 'AUTH') {
        const [, name, password] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .split('\0');
        const isRight = name === options.account?.user && password === options.account?.password;
        if (isRight) user = name;
        say(isRight ? '235 Welcome' : '535 Wrong');
      } else if (verb === 'MAIL' && (options.account === undefined || user !== undefined)) {
        from = /<(.*?)>/.exec(line)?.[1] ?? '';
        to = [];
        say('250 Ok');
      } else if (verb === 'RCPT' && from !== undefined) {
        const address = /<(.*?)>/.exec(line)?.[1] ?? '';
        if (address.startsWith('nobody@')) say('550 No such mailbox');
        else {
          to.push(address);
          say('250 Ok');
        }
      } else if (verb === 'DATA' && to.length > 0) {
        lines = [];
        say('354 End with a dot');
      } else if (verb === 'QUIT') {
        say('221 Bye');
        socket.end();
      } else say(verb === 'MAIL' ? '530 Say who you are' : '503 Not now');
    };

    socket.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1');
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (lines === undefined) command(line);
        else if (line === '.') {
          const text = Buffer.from(lines.join('\r\n'), 'latin1').toString();
          messages.push({ from: from ?? '', to, text, user, isEncrypted });
          lines = undefined;
          from = undefined;
          say('250 Taken');
        } else lines.push(line.startsWith('.') ? line.slice(1) : line);
      }
    });
    if (!isEncrypted) say('220 mail.test');
  };

  const server = createServer((socket) => talk(socket, false));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    messages,
    inClear,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
