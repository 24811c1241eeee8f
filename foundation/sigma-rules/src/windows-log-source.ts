/** Sysmon event ids to Sigma categories (taxonomy appendix, "Windows Folder"). */
const sysmonCategories: ReadonlyMap<string, readonly string[]> = new Map([
  ['1', ['process_creation']],
  ['2', ['file_change']],
  ['3', ['network_connection']],
  ['4', ['sysmon_status']],
  ['5', ['process_termination']],
  ['6', ['driver_load']],
  ['7', ['image_load']],
  ['8', ['create_remote_thread']],
  ['9', ['raw_access_thread']],
  ['10', ['process_access']],
  ['11', ['file_event']],
  ['12', ['registry_event', 'registry_add', 'registry_delete']],
  ['13', ['registry_event', 'registry_set']],
  ['14', ['registry_event', 'registry_rename']],
  ['15', ['create_stream_hash']],
  ['16', ['sysmon_status']],
  ['17', ['pipe_created']],
  ['18', ['pipe_created']],
  ['19', ['wmi_event']],
  ['20', ['wmi_event']],
  ['21', ['wmi_event']],
  ['22', ['dns_query']],
  ['23', ['file_delete']],
  ['24', ['clipboard_capture']],
  ['25', ['process_tampering']],
  ['26', ['file_delete', 'file_delete_detected']],
  ['27', ['file_block_executable']],
  ['28', ['file_block_shredding']],
  ['29', ['file_executable_detected']],
  ['255', ['sysmon_error']],
]);

const powershellCategories: ReadonlyMap<string, readonly string[]> = new Map([
  ['4103', ['ps_module']],
  ['4104', ['ps_script']],
]);
const classicPowershellCategories: ReadonlyMap<string, readonly string[]> = new Map([
  ['400', ['ps_classic_start']],
  ['600', ['ps_classic_provider_start']],
  ['800', ['ps_classic_script']],
]);

/** Channels, in lower case, to Sigma services (taxonomy appendix, "Service", and the services the SigmaHQ corpus names beside it). */
const services: ReadonlyMap<string, readonly string[]> = new Map([
  ['security', ['security']],
  ['system', ['system']],
  ['application', ['application']],
  ['microsoft-windows-sysmon/operational', ['sysmon']],
  ['microsoft-windows-powershell/operational', ['powershell']],
  ['powershellcore/operational', ['powershell', 'powershell-core']],
  ['windows powershell', ['powershell-classic']],
  ['microsoft-windows-windows defender/operational', ['windefend']],
  ['microsoft-windows-taskscheduler/operational', ['taskscheduler']],
  ['microsoft-windows-wmi-activity/operational', ['wmi']],
  ['dns server', ['dns-server']],
  ['microsoft-windows-dns-server/audit', ['dns-server-audit', 'dns-server']],
  ['microsoft-windows-dns-server/analytical', ['dns-server-analytic']],
  ['microsoft-windows-dns client events/operational', ['dns-client']],
  ['microsoft-windows-dns-client/operational', ['dns-client']],
  ['microsoft-windows-dhcp-server/operational', ['dhcp']],
  ['microsoft-windows-driverframeworks-usermode/operational', ['driver-framework']],
  ['microsoft-windows-ntlm/operational', ['ntlm']],
  ['microsoft-windows-applocker/msi and script', ['applocker']],
  ['microsoft-windows-applocker/exe and dll', ['applocker']],
  ['microsoft-windows-applocker/packaged app-deployment', ['applocker']],
  ['microsoft-windows-applocker/packaged app-execution', ['applocker']],
  ['msexchange management', ['msexchange-management']],
  ['microsoft-servicebus-client/operational', ['servicebus-client', 'microsoft-servicebus-client']],
  ['microsoft-servicebus-client/admin', ['servicebus-client', 'microsoft-servicebus-client']],
  ['microsoft-windows-printservice/admin', ['printservice-admin']],
  ['microsoft-windows-printservice/operational', ['printservice-operational']],
  ['microsoft-windows-codeintegrity/operational', ['codeintegrity-operational']],
  ['microsoft-windows-smbclient/security', ['smbclient-security']],
  ['microsoft-windows-smbclient/connectivity', ['smbclient-connectivity']],
  ['microsoft-windows-smbserver/connectivity', ['smbserver-connectivity']],
  ['microsoft-windows-windows firewall with advanced security/firewall', ['firewall-as']],
  ['microsoft-windows-bits-client/operational', ['bits-client']],
  ['microsoft-windows-security-mitigations/kernel mode', ['security-mitigations']],
  ['microsoft-windows-security-mitigations/user mode', ['security-mitigations']],
  ['microsoft-windows-diagnosis-scripted/operational', ['diagnosis-scripted']],
  ['microsoft-windows-shell-core/operational', ['shell-core']],
  ['openssh/operational', ['openssh']],
  ['microsoft-windows-ldap-client/debug', ['ldap']],
  ['microsoft-windows-bitlocker/bitlocker management', ['bitlocker']],
  ['microsoft-windows-vhdmp/operational', ['vhdmp']],
  ['microsoft-windows-appxdeploymentserver/operational', ['appxdeployment-server']],
  ['microsoft-windows-appxpackaging/operational', ['appxpackaging-om']],
  ['microsoft-windows-lsa/operational', ['lsa-server']],
  ['microsoft-windows-appmodel-runtime/admin', ['appmodel-runtime']],
  ['microsoft-windows-capi2/operational', ['capi2']],
  [
    'microsoft-windows-certificateservicesclient-lifecycle-system/operational',
    ['certificateservicesclient-lifecycle-system'],
  ],
  ['microsoft-windows-application-experience/program-telemetry', ['application-experience']],
  ['microsoft-windows-application-experience/program-compatibility-assistant', ['application-experience']],
  ['microsoft-windows-terminalservices-localsessionmanager/operational', ['terminalservices-localsessionmanager']],
  ['microsoft-windows-hyper-v-worker', ['hyper-v-worker']],
  ['microsoft-windows-kernel-eventtracing', ['kernel-event-tracing']],
  ['microsoft-windows-kernel-shimengine/operational', ['kernel-shimengine']],
  ['microsoft-windows-kernel-shimengine/diagnostic', ['kernel-shimengine']],
  ['microsoft-windows-ntfs/operational', ['ntfs']],
  ['microsoft-windows-sense/operational', ['sense']],
  ['microsoft-iis-configuration/operational', ['iis-configuration']],
]);

/** Channel by provider, for events whose channel was lost or overwritten on the way (`ForwardedEvents`). */
const channelOfProvider: ReadonlyMap<string, string> = new Map([
  ['microsoft-windows-sysmon', 'microsoft-windows-sysmon/operational'],
  ['microsoft-windows-security-auditing', 'security'],
  ['microsoft-windows-powershell', 'microsoft-windows-powershell/operational'],
  ['powershellcore', 'powershellcore/operational'],
  ['powershell', 'windows powershell'],
  ['service control manager', 'system'],
  ['microsoft-windows-windows defender', 'microsoft-windows-windows defender/operational'],
  ['microsoft-windows-taskscheduler', 'microsoft-windows-taskscheduler/operational'],
  ['microsoft-windows-wmi-activity', 'microsoft-windows-wmi-activity/operational'],
  ['microsoft-windows-bits-client', 'microsoft-windows-bits-client/operational'],
]);

/** Every service of the table: an event of a channel that is not in the table belongs to none of them. */
export const listedWindowsServices: ReadonlySet<string> = new Set([...services.values()].flat());

/** The channel in lower case: the event's own, or that of its provider where its own says nothing. */
export function windowsChannelOf(channel: string | undefined, provider: string | undefined): string | undefined {
  const own = channel?.toLowerCase().replace(/^wineventlog:/, '');
  if (own !== undefined && own !== 'forwardedevents') return own;
  return channelOfProvider.get(provider?.toLowerCase() ?? '') ?? own;
}

/** Services of the channel; undefined when it is not in the table. */
export function windowsServicesOf(channel: string): readonly string[] | undefined {
  return services.get(channel);
}

/**
 * Categories of an event; undefined when they cannot be told. Security, System and the channels with categories of their own are told
 * in full (an empty list: none); an antivirus or a database may write to Application and to channels of its own.
 */
export function windowsCategoriesOf(channel: string, eventId: string): readonly string[] | undefined {
  switch (channel) {
    case 'microsoft-windows-sysmon/operational':
      return sysmonCategories.get(eventId) ?? [];
    case 'microsoft-windows-powershell/operational':
    case 'powershellcore/operational':
      return powershellCategories.get(eventId) ?? [];
    case 'windows powershell':
      return classicPowershellCategories.get(eventId) ?? [];
    case 'security':
      return eventId === '4688' ? ['process_creation'] : [];
    case 'system':
      return [];
    case 'microsoft-windows-windows defender/operational':
      return ['antivirus'];
    default:
      return channel.startsWith('microsoft-windows-kernel-file/')
        ? ['file_access', 'file_rename', 'file_event', 'file_delete']
        : undefined;
  }
}
