import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { otlpBody } from './otlp-body.ts';
import { sharedDirectory } from './repository.ts';
import type { SeededRandom } from './seeded-random.ts';
import { createWindowsEvents, toLines } from './windows-events.ts';

/** One request body as senders of a format make it. `events` undefined: the server's answer says how many it holds. */
export type FormatBody = {
  readonly format: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly events: number | undefined;
};

const startMs = Date.UTC(2026, 10, 21, 8);

/** A body of about so many events in each format there is. EVTX needs a recording: a format of its own cannot be made up fairly. */
export function makeFormatBodies(random: SeededRandom, events: number): readonly FormatBody[] {
  const each = (make: (at: number) => string): string[] => Array.from({ length: events }, (_, at) => make(at));
  const lines = (make: (at: number) => string): Buffer => Buffer.from(`${each(make).join('\n')}\n`);
  const time = (at: number): Date => new Date(startMs + at * 7);
  const address = (): string => `10.${random.integer(250)}.${random.integer(250)}.${1 + random.integer(250)}`;
  const sshLine = (): string =>
    `Failed password for invalid user user${random.integer(300)} from ${address()} port ${1024 + random.integer(60_000)} ssh2`;
  const windows = createWindowsEvents(random, startMs);
  const ndjson = toLines(Array.from({ length: events }, () => windows.next()));
  const direct = (format: string, body: Buffer, contentType = 'text/plain'): FormatBody => ({
    format,
    path: `/v1/events?source=bench-${format}${contentType === 'text/plain' ? `&format=${format}` : ''}`,
    contentType,
    body,
    events,
  });
  return [
    direct('ndjson', ndjson, 'application/x-ndjson'),
    direct(
      'syslog',
      lines((at) => `<86>1 ${time(at).toISOString()} host${at % 50} sshd ${1000 + at} - - ${sshLine()}`),
    ),
    direct(
      'cef',
      lines(
        (at) =>
          `CEF:0|Contoso|Gate|4.2|${100 + (at % 9)}|Connection refused|5|rt=${time(at).getTime()} src=${address()} dst=${address()} spt=${1024 + at} dpt=443 proto=TCP act=deny suser=user${at % 300} msg=policy 17 \\= deny`,
      ),
    ),
    direct(
      'leef',
      lines(
        (at) =>
          `LEEF:2.0|Contoso|Gate|4.2|deny|^|devTime=${time(at).getTime()}^src=${address()}^dst=${address()}^srcPort=${1024 + at}^dstPort=443^proto=TCP^usrName=user${at % 300}`,
      ),
    ),
    direct(
      'web_access',
      lines(
        (at) =>
          `${address()} - - [21/Nov/2026:08:${String(Math.floor(at / 60) % 60).padStart(2, '0')}:${String(at % 60).padStart(2, '0')} +0000] "GET /articles/${at}?page=${at % 7} HTTP/1.1" 200 ${500 + at} "https://www.example.test/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"`,
      ),
    ),
    direct(
      'auditd',
      lines(
        (at) =>
          `type=SYSCALL msg=audit(${(time(at).getTime() / 1000).toFixed(3)}:${9000 + at}): arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d1 a2=55d2 a3=8 items=2 ppid=${800 + at} pid=${1800 + at} auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" subj=unconfined key="exec"`,
      ),
    ),
    direct(
      'windows_event_xml',
      lines(
        (at) =>
          `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-A5BA-3E3B0328C30D}'/><EventID>4625</EventID><Version>0</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='${time(at).toISOString()}'/><EventRecordID>${at}</EventRecordID><Channel>Security</Channel><Computer>WS${at % 400}.contoso.example</Computer></System><EventData><Data Name='SubjectUserSid'>S-1-0-0</Data><Data Name='TargetUserName'>user${at % 300}</Data><Data Name='TargetDomainName'>CONTOSO</Data><Data Name='Status'>0xc000006d</Data><Data Name='LogonType'>3</Data><Data Name='IpAddress'>${address()}</Data><Data Name='IpPort'>${1024 + at}</Data></EventData></Event>`,
      ),
    ),
    direct(
      'zeek',
      Buffer.concat([
        Buffer.from(
          '#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\n',
        ),
        lines(
          (at) =>
            `${(time(at).getTime() / 1000).toFixed(6)}\tC${random.hex(16)}\t${address()}\t${1024 + at}\t${address()}\t443\ttcp\tssl\t1.2\t2048\t9000\tSF`,
        ),
      ]),
    ),
    direct(
      'journal_export',
      Buffer.from(
        each(
          (at) =>
            `__CURSOR=s=${random.hex(8)};i=${at}\n__REALTIME_TIMESTAMP=${time(at).getTime() * 1000}\n_HOSTNAME=host${at % 50}\nSYSLOG_IDENTIFIER=sshd\n_PID=${1000 + at}\nPRIORITY=6\nMESSAGE=${sshLine()}\n`,
        ).join('\n'),
      ),
    ),
    {
      format: 'splunk_hec',
      path: '/services/collector/event',
      contentType: 'application/json',
      body: lines((at) =>
        JSON.stringify({
          time: time(at).getTime() / 1000,
          host: `host${at % 50}`,
          sourcetype: 'linux_secure',
          event: sshLine(),
        }),
      ),
      events,
    },
    ...otlpBody(each(sshLine), startMs).map(({ encoding, contentType, body }) => ({
      format: `otlp_${encoding}`,
      path: '/v1/logs',
      contentType,
      body,
      events,
    })),
    ...recordedEvtx(),
  ];
}

/** The largest recorded EVTX file there is; none where the recordings are missing. */
function recordedEvtx(): FormatBody[] {
  const directory = join(sharedDirectory, 'sigma-regression');
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.evtx'))
    .map((file) => join(directory, file))
    .toSorted((a, b) => statSync(b).size - statSync(a).size || a.localeCompare(b));
  const [largest] = files;
  if (largest === undefined) return [];
  return [
    {
      format: 'evtx',
      path: '/v1/events?source=bench-evtx',
      contentType: 'application/x-evtx',
      body: readFileSync(largest),
      events: undefined,
    },
  ];
}
