import type { JsonObject } from '@sallyport/contracts';
import type { SeededRandom } from './seeded-random.ts';

/**
 * Windows events as a collector forwards them: flat fields and the rendered message, 2 kB on average, in the mixture of a
 * working day with Sysmon. Made from a seed; none of them is an attack, apart from `attackEvent`.
 */
export type WindowsEvents = {
  next(): JsonObject;
  /** Each of a host of its own, so that each is an alert of its own. */
  attackEvent(): JsonObject;
};

const programs = [
  'C:\\Windows\\System32\\svchost.exe',
  'C:\\Windows\\System32\\RuntimeBroker.exe',
  'C:\\Windows\\System32\\taskhostw.exe',
  'C:\\Windows\\System32\\backgroundTaskHost.exe',
  'C:\\Windows\\explorer.exe',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
  'C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE',
  'C:\\Program Files (x86)\\Contoso\\Inventory\\inventory-agent.exe',
] as const;
const libraries = ['ntdll', 'kernelbase', 'rpcrt4', 'combase', 'ucrtbase', 'bcrypt', 'perfos', 'wldp'] as const;
const registryValues = ['LastUpdate', 'State', 'Count', 'Enabled', 'Path'] as const;
const sysmonChannel = 'Microsoft-Windows-Sysmon/Operational';

export function createWindowsEvents(random: SeededRandom, startMs: number): WindowsEvents {
  let nowMs = startMs;
  let record = random.integer(1_000_000);
  let attacked = 0;

  const guid = (): string => `{${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}}`;
  const hashes = (): string =>
    `SHA1=${random.hex(40)},MD5=${random.hex(32)},SHA256=${random.hex(64)},IMPHASH=${random.hex(32)}`.toUpperCase();
  const user = (): string => `CONTOSO\\user${random.integer(300)}`;
  const trace = (frames: number): string =>
    Array.from({ length: frames }, () => `C:\\Windows\\System32\\${random.pick(libraries)}.dll+${random.hex(5)}`).join(
      '|',
    );

  const event = (
    eventId: number,
    place: { readonly channel: string; readonly title: string },
    fields: Readonly<Record<string, string>>,
  ): JsonObject => {
    nowMs += random.integer(40);
    record += 1;
    const time = new Date(nowMs).toISOString();
    const isSysmon = place.channel === sysmonChannel;
    return {
      '@timestamp': time,
      EventTime: time.slice(0, 19).replace('T', ' '),
      EventReceivedTime: time.slice(0, 19).replace('T', ' '),
      Hostname: `WS${String(random.integer(400)).padStart(4, '0')}.contoso.example`,
      Channel: place.channel,
      SourceName: isSysmon ? 'Microsoft-Windows-Sysmon' : 'Microsoft-Windows-Security-Auditing',
      ProviderGuid: isSysmon ? '{5770385F-C22A-43E0-BF4C-06F5698FFBD9}' : '{54849625-5478-4994-A5BA-3E3B0328C30D}',
      EventID: eventId,
      EventType: isSysmon ? 'INFO' : 'AUDIT_SUCCESS',
      Severity: 'INFO',
      SeverityValue: 2,
      Keywords: isSysmon ? '0x8000000000000000' : '0x8020000000000000',
      Task: eventId,
      Version: 5,
      OpcodeValue: 0,
      RecordNumber: record,
      ExecutionProcessID: 3520,
      ThreadID: random.integer(9000),
      SourceModuleName: 'eventlog',
      SourceModuleType: 'im_msvistalog',
      host: 'collector.contoso.example',
      tags: ['windows'],
      ...fields,
      Message: [`${place.title}:`, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)].join('\r\n'),
    };
  };

  const process = (commandLine: string, image: string): JsonObject => {
    const parent = random.pick(programs);
    return event(
      1,
      { channel: sysmonChannel, title: 'Process Create' },
      {
        RuleName: '-',
        UtcTime: new Date(nowMs).toISOString(),
        ProcessGuid: guid(),
        ProcessId: String(random.integer(20_000)),
        Image: image,
        FileVersion: '10.0.19041.1 (WinBuild.160101.0800)',
        Description: 'Host Process for Windows Services',
        Product: 'Microsoft Windows Operating System',
        Company: 'Microsoft Corporation',
        OriginalFileName: image.split('\\').at(-1) ?? image,
        CommandLine: commandLine,
        CurrentDirectory: 'C:\\Windows\\system32\\',
        User: user(),
        LogonGuid: guid(),
        LogonId: `0x${random.hex(6)}`,
        TerminalSessionId: '1',
        IntegrityLevel: 'Medium',
        Hashes: hashes(),
        ParentProcessGuid: guid(),
        ParentProcessId: String(random.integer(20_000)),
        ParentImage: parent,
        ParentCommandLine: `"${parent}" -s ${random.hex(8)}`,
      },
    );
  };

  const makers: readonly [() => JsonObject, ...(() => JsonObject)[]] = [
    () => {
      const image = random.pick(programs);
      return process(`"${image}" -k netsvcs -p -s ${random.hex(6)} --profile=${random.hex(24)}`, image);
    },
    () =>
      event(
        3,
        { channel: sysmonChannel, title: 'Network connection detected' },
        {
          RuleName: '-',
          UtcTime: new Date(nowMs).toISOString(),
          ProcessGuid: guid(),
          ProcessId: String(random.integer(20_000)),
          Image: random.pick(programs),
          User: user(),
          Protocol: 'tcp',
          Initiated: 'true',
          SourceIsIpv6: 'false',
          SourceIp: `10.20.${random.integer(256)}.${random.integer(256)}`,
          SourceHostname: `WS${random.integer(400)}.contoso.example`,
          SourcePort: String(49_152 + random.integer(16_000)),
          DestinationIsIpv6: 'false',
          DestinationIp: `10.30.${random.integer(256)}.${random.integer(256)}`,
          DestinationHostname: `service-${random.integer(90)}.contoso.example`,
          DestinationPort: random.pick(['443', '80', '53', '445', '8443']),
          DestinationPortName: 'https',
        },
      ),
    () =>
      event(
        7,
        { channel: sysmonChannel, title: 'Image loaded' },
        {
          RuleName: '-',
          UtcTime: new Date(nowMs).toISOString(),
          ProcessGuid: guid(),
          ProcessId: String(random.integer(20_000)),
          Image: random.pick(programs),
          ImageLoaded: `C:\\Windows\\System32\\${random.pick(libraries)}.dll`,
          FileVersion: '10.0.19041.1 (WinBuild.160101.0800)',
          Description: 'Windows System Objects DLL',
          Product: 'Microsoft Windows Operating System',
          Company: 'Microsoft Corporation',
          OriginalFileName: `${random.pick(libraries)}.dll`,
          Hashes: hashes(),
          Signed: 'true',
          Signature: 'Microsoft Windows',
          SignatureStatus: 'Valid',
          User: user(),
        },
      ),
    () =>
      event(
        10,
        { channel: sysmonChannel, title: 'Process accessed' },
        {
          RuleName: '-',
          UtcTime: new Date(nowMs).toISOString(),
          SourceProcessGUID: guid(),
          SourceProcessId: String(random.integer(20_000)),
          SourceThreadId: String(random.integer(20_000)),
          SourceImage: random.pick(programs),
          TargetProcessGUID: guid(),
          TargetProcessId: String(random.integer(20_000)),
          TargetImage: random.pick(programs),
          GrantedAccess: '0x1000',
          CallTrace: trace(10 + random.integer(14)),
        },
      ),
    () =>
      event(
        13,
        { channel: sysmonChannel, title: 'Registry value set' },
        {
          RuleName: '-',
          EventType: 'SetValue',
          UtcTime: new Date(nowMs).toISOString(),
          ProcessGuid: guid(),
          ProcessId: String(random.integer(20_000)),
          Image: random.pick(programs),
          TargetObject: `HKLM\\SOFTWARE\\Contoso\\Inventory\\${random.hex(24)}\\${random.pick(registryValues)}`,
          Details: `DWORD (0x${random.hex(8)}) ${random.hex(160)}`,
          User: user(),
        },
      ),
    () =>
      event(
        4624,
        { channel: 'Security', title: 'An account was successfully logged on' },
        {
          SubjectUserSid: 'S-1-5-18',
          SubjectUserName: `WS${random.integer(400)}$`,
          SubjectDomainName: 'CONTOSO',
          SubjectLogonId: '0x3e7',
          TargetUserSid: `S-1-5-21-${random.integer(4_000_000_000)}-${random.integer(4_000_000_000)}-1104`,
          TargetUserName: `user${random.integer(300)}`,
          TargetDomainName: 'CONTOSO',
          TargetLogonId: `0x${random.hex(6)}`,
          LogonType: random.pick(['3', '2', '5', '7']),
          LogonProcessName: 'Kerberos',
          AuthenticationPackageName: 'Kerberos',
          WorkstationName: '-',
          LogonGuid: guid(),
          TransmittedServices: '-',
          LmPackageName: '-',
          KeyLength: '0',
          ProcessName: '-',
          IpAddress: `10.20.${random.integer(256)}.${random.integer(256)}`,
          IpPort: String(49_152 + random.integer(16_000)),
          ImpersonationLevel: '%%1833',
          RestrictedAdminMode: '-',
          TargetLinkedLogonId: '0x0',
          ElevatedToken: '%%1842',
        },
      ),
  ];
  return {
    next: () => random.pick(makers)(),
    attackEvent() {
      attacked += 1;
      const encoded = Buffer.from(random.hex(48)).toString('base64').replaceAll('=', '');
      return {
        ...process(
          `powershell.exe -NoProfile -EncodedCommand ${encoded}`,
          'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
        ),
        Hostname: `PC${String(attacked).padStart(5, '0')}.contoso.example`,
      };
    },
  };
}

/** The events as NDJSON. */
export function toLines(events: readonly JsonObject[]): Buffer {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
