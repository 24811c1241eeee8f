/** What Windows calls accounts of its own, in the languages it is sold in; whole words, lower case. Nobody signs in as one of them, and nobody can be called so there. */
const windowsNames: ReadonlySet<string> = new Set([
  'system',
  'local system',
  'localsystem',
  'local service',
  'localservice',
  'network service',
  'networkservice',
  'anonymous logon',
  'système',
  'sistema',
  'система',
  'lokaler dienst',
  'netzwerkdienst',
  'service local',
  'service réseau',
  'servicio local',
  'servicio de red',
  's-1-5-7',
  's-1-5-18',
  's-1-5-19',
  's-1-5-20',
]);
/** Accounts of window managers and font drivers, one for each session. */
const ofSession = /^(?:dwm|umfd)-\d{1,5}$/;

/**
 * Whether an account of this name is the operating system itself: the same on every host, and nobody. Accounts of machines (`PC01$`) and of services are
 * somebody: who breaks in makes and uses them.
 */
export function isSystemAccount(name: string): boolean {
  const own = name.slice(name.lastIndexOf('\\') + 1, name.length).toLowerCase();
  return windowsNames.has(own) || ofSession.test(own);
}
