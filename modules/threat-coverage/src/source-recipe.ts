import type { AskedSource } from './needs.ts';

/** Recipes of the Sources room by product; Linux by what is looked at. */
const recipes: ReadonlyMap<string, string> = new Map([
  ['windows', 'windows'],
  ['zeek', 'zeek'],
  ['suricata', 'suricata'],
  ['kubernetes', 'kubernetes-audit'],
  ['apache', 'vector'],
  ['nginx', 'vector'],
]);
const syslogServices: ReadonlySet<string> = new Set(['sshd', 'sudo', 'auth', 'cron', 'syslog', 'vsftpd', 'clamav']);

/** The recipe that brings events of this kind, where there is one. This product's own logs need none. */
export function recipeFor({ product, category, service }: AskedSource): string | undefined {
  if (product === 'linux') return service !== undefined && syslogServices.has(service) ? 'rsyslog' : 'sensor';
  if (product === undefined && category === 'webserver') return 'vector';
  return product === undefined ? undefined : recipes.get(product);
}
