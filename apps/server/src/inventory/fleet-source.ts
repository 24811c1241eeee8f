import type { AssetState, InventorySource, KeyAsset } from '@sallyport/crypto-inventory';
import type { DeviceView, SensorView } from '@sallyport/device-fleet';

const known = { kind: 'asked', by: 'the device fleet' } as const;

const deviceStates: Readonly<Record<DeviceView['state'], AssetState>> = {
  waiting: 'created',
  approved: 'active',
  revoked: 'revoked',
};

/** Keys of devices and sensors: the server has their public halves, or a hash. */
export function createFleetSource(needs: {
  readonly devices: () => readonly DeviceView[];
  readonly sensors: () => readonly SensorView[];
}): InventorySource {
  return {
    name: 'device-fleet',
    gather: async () => [...needs.devices().map(deviceAsset), ...needs.sensors().flatMap(sensorAsset)],
    uses: [
      { algorithm: 'ecdsa-p256', owner: 'device-fleet', usedFor: 'proofs that devices sign' },
      { algorithm: 'ed25519', owner: 'device-fleet', usedFor: 'signs of life of sensors' },
      { algorithm: 'sha-256', owner: 'device-fleet', usedFor: 'fingerprints, kept forms of codes and stream keys' },
    ],
  };
}

function deviceAsset({ id, kind, state, enrolled_ms: createdAtMs }: DeviceView): KeyAsset {
  const isStream = kind === 'whip';
  return {
    kind: 'key',
    id: `key/device/${id}`,
    name: `${isStream ? 'Stream key' : 'Key'} of device ${id}`,
    owner: 'device-fleet',
    usedFor: isStream ? 'a program that sends by WHIP' : `a ${kind} proves who it is`,
    where: isStream ? 'the program that sends; here as SHA-256' : 'the device itself; here its public half',
    known,
    role: isStream ? 'credential' : 'authentication',
    material: isStream ? 'token' : 'public-key',
    state: deviceStates[state],
    createdAtMs,
    sizeBits: 256,
    ...(isStream ? {} : { algorithm: 'ecdsa-p256' }),
  };
}

function sensorAsset({ id, signing_key_id: keyId, first_seen_ms: createdAtMs }: SensorView): KeyAsset[] {
  if (keyId === undefined) return [];
  return [
    {
      kind: 'key',
      id: `key/sensor/${id}/${keyId}`,
      name: `Signing key ${keyId} of sensor ${id}`,
      owner: 'device-fleet',
      usedFor: 'a sensor signs its signs of life',
      where: 'the host of the sensor; here its public half',
      known,
      role: 'authentication',
      material: 'public-key',
      state: 'active',
      createdAtMs,
      algorithm: 'ed25519',
      sizeBits: 256,
    },
  ];
}
