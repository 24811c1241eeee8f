import { isEverybodys, prefixOf } from './address.ts';
import { countryName, placeOfCountry } from './country-places.ts';
import type { Mmdb, MmdbMap, MmdbValue } from './mmdb.ts';

/** What the databases say of an address. */
export type Place = {
  /** Nobody's address of the internet: nothing is made of where it is. */
  readonly isPrivate: boolean;
  /** ISO 3166-1 */
  readonly country?: string;
  readonly city?: string;
  /** Where it is, and how far from there it may really be. */
  readonly at?: { readonly latitude: number; readonly longitude: number; readonly radiusKm: number };
  /** `AS64500` where a database says it; else the /16 or /32. */
  readonly network: string;
  readonly organization?: string;
  /** Belongs to somebody who rents servers or relays others' traffic: where it is says little of where whoever uses it is. */
  readonly isRelay: boolean;
};

export type Databases = { readonly country?: Mmdb; readonly city?: Mmdb; readonly asn?: Mmdb };

const cityRadiusKm = 50;
/** In names of networks, as their owners registered them. */
const relays =
  /\b(vpn|hosting|host|cloud|data ?cent(?:er|re)s?|servers?|colo|proxy|relay|amazon|aws|google|microsoft|azure|ovh|hetzner|digital ?ocean|linode|akamai|cloudflare|fastly|vultr|choopa|m247|leaseweb|contabo|scaleway|oracle|alibaba|tencent|datacamp|zscaler|netskope|mullvad|nord(?:vpn)?|proton)\b/i;

/** Never throws, whatever the databases hold. */
export function placeOf(address: string, { country: countries, city: cities, asn }: Databases): Place {
  const network = prefixOf(address);
  if (isEverybodys(address)) return { isPrivate: true, network, isRelay: false };
  const inCity = cities?.find(address);
  const code = countryIn(inCity) ?? countryIn(countries?.find(address));
  const exact = pointIn(inCity);
  const rough = code === undefined ? undefined : placeOfCountry(code);
  const at = exact ?? rough;
  const city = textIn(inCity, ['city']) ?? textIn(inCity, ['city', 'names', 'en']);
  const owner = asn?.find(address);
  const number = numberIn(owner, ['autonomous_system_number']) ?? numberIn(owner, ['asn']);
  const organization = textIn(owner, ['autonomous_system_organization']) ?? textIn(owner, ['organization']);
  return {
    isPrivate: false,
    ...(code === undefined ? {} : { country: code }),
    ...(city === undefined ? {} : { city }),
    ...(at === undefined ? {} : { at }),
    network: number === undefined ? network : `AS${number}`,
    ...(organization === undefined ? {} : { organization }),
    isRelay: organization !== undefined && relays.test(organization),
  };
}

/** What a record is about; undefined for none that is of use here. */
export function kindOf(record: MmdbMap): 'country' | 'city' | 'asn' | undefined {
  if (pointIn(record) !== undefined) return 'city';
  if (numberIn(record, ['autonomous_system_number']) ?? numberIn(record, ['asn'])) return 'asn';
  return countryIn(record) === undefined ? undefined : 'country';
}

/** `Pune, India`, `Japan`, `192.0.0.0/16`. */
export function placeInWords({ isPrivate, city, country, network }: Place): string {
  if (isPrivate) return 'a private network';
  if (country === undefined) return network;
  return city === undefined ? countryName(country) : `${city}, ${countryName(country)}`;
}

const earthKm = 6371;

/** The least two places can be apart, and what lies between their middles; undefined where either is unknown. */
export function distanceKm(one: Place, other: Place): { readonly least: number; readonly middle: number } | undefined {
  if (one.at === undefined || other.at === undefined) return undefined;
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [a, b] = [radians(one.at.latitude), radians(other.at.latitude)];
  const half =
    Math.sin((b - a) / 2) ** 2 +
    Math.cos(a) * Math.cos(b) * Math.sin(radians(other.at.longitude - one.at.longitude) / 2) ** 2;
  const middle = 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(half)));
  const within = one.country !== undefined && one.country === other.country && one.city === other.city;
  return { middle, least: within ? 0 : Math.max(0, middle - one.at.radiusKm - other.at.radiusKm) };
}

function countryIn(record: MmdbMap | undefined): string | undefined {
  const code = textIn(record, ['country_code']) ?? textIn(record, ['country', 'iso_code']);
  return code !== undefined && /^[A-Z]{2}$/.test(code) ? code : undefined;
}

function pointIn(record: MmdbMap | undefined): Place['at'] {
  const latitude = numberIn(record, ['latitude']) ?? numberIn(record, ['location', 'latitude']);
  const longitude = numberIn(record, ['longitude']) ?? numberIn(record, ['location', 'longitude']);
  if (latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  const accuracy = numberIn(record, ['location', 'accuracy_radius']) ?? cityRadiusKm;
  return { latitude, longitude, radiusKm: Math.min(Math.max(accuracy, cityRadiusKm), 5000) };
}

function valueIn(record: MmdbMap | undefined, path: readonly string[]): MmdbValue {
  let value: MmdbValue = record;
  for (const name of path) value = typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function textIn(record: MmdbMap | undefined, path: readonly string[]): string | undefined {
  const value = valueIn(record, path);
  return typeof value === 'string' && value !== '' ? value.replaceAll(/\p{C}/gu, '').slice(0, 100) : undefined;
}

function numberIn(record: MmdbMap | undefined, path: readonly string[]): number | undefined {
  const value = valueIn(record, path);
  return typeof value === 'number' ? value : undefined;
}
