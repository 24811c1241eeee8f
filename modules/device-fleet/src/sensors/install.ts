import { Readable } from 'node:stream';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { DeviceFleetError } from '../errors.ts';

/** What another host is given. */
export type InstallNeeds = {
  /** The sensor as one file; undefined when this server was not built with it. */
  readonly bundle: () => { readonly bytes: Uint8Array; readonly sha256: string } | undefined;
  /** The systemd unit. */
  readonly unit: string;
  /** The certificate clients of this server must trust; undefined while it has no authority of its own. */
  readonly authorityPem: () => string | undefined;
};

export type InstallStep = { readonly title: string; readonly text: string };

const Install = Type.Object({
  sha256: Type.String({ description: 'Of the sensor' }),
  bytes: Type.Integer(),
  steps: Type.Array(Type.Object({ title: Type.String(), text: Type.String({ description: 'For a shell, as root' }) }), {
    description: 'To be run on the host in this order; `{{address}}` and `{{key}}` are to be filled in',
  }),
});

const bundlePath = '/v1/sensors/bundle';

/** `/v1/sensors/install` and the file it fetches. */
export function createInstallRoutes(needs: InstallNeeds): RoutePlugin {
  const built = (): { readonly bytes: Uint8Array; readonly sha256: string } => {
    const found = needs.bundle();
    if (found !== undefined) return found;
    throw new DeviceFleetError('sensor_bundle_missing', 'Cannot give out the sensor: it was not built', {
      hint: 'node apps/sensor/build-if-stale.ts in the folder of the server, then start it again',
    });
  };
  return async (fastify) => {
    const app = typedApp(fastify);

    app.get(
      '/v1/sensors/install',
      {
        config: { scope: 'sensors:read' },
        schema: {
          summary: 'How to install the sensor on another host: exact commands',
          tags: ['sensors'],
          response: { 200: Install },
        },
      },
      async () => {
        const { bytes, sha256 } = built();
        return { sha256, bytes: bytes.byteLength, steps: installSteps({ ...needs, sha256 }) };
      },
    );

    app.get(
      bundlePath,
      {
        // With the key the host is given anyway.
        config: { scope: 'events:write' },
        schema: {
          summary: 'The sensor as one file for Node 22 and later; its SHA-256 stands in /v1/sensors/install',
          tags: ['sensors'],
          produces: ['text/javascript'],
          response: {
            200: {
              description: 'The file',
              content: { 'text/javascript': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
            },
          },
        },
      },
      async (_request, reply) => {
        const { bytes, sha256 } = built();
        return reply
          .header('content-type', 'text/javascript; charset=utf-8')
          .header('etag', `"${sha256}"`)
          .send(Readable.from([Buffer.from(bytes)]));
      },
    );
  };
}

/** Nothing is run that does not have the hash, and the key stands on no command line. */
export function installSteps(given: {
  readonly sha256: string;
  readonly unit: string;
  readonly authorityPem: () => string | undefined;
}): InstallStep[] {
  const { sha256, unit } = given;
  const pem = given.authorityPem();
  const authorityFile = '/etc/sallyport-sensor/authority.pem';
  const config = {
    server: '{{address}}',
    keyFile: '/etc/sallyport-sensor/key',
    ...(pem === undefined ? {} : { caFile: authorityFile }),
  };
  const trust = pem === undefined ? '' : ` --cacert ${authorityFile}`;
  return [
    {
      title: 'A user of its own and a folder only it reads',
      text: [
        'useradd --system --home-dir /var/lib/sallyport-sensor --shell /usr/sbin/nologin sallyport-sensor',
        'install -d -m 0750 -o root -g sallyport-sensor /etc/sallyport-sensor && install -d /usr/lib/sallyport-sensor',
      ].join('\n'),
    },
    {
      title: 'The key, the server, and whose certificate is good',
      text: [
        ...(pem === undefined ? [] : [fileText(authorityFile, pem)]),
        fileText('/etc/sallyport-sensor/config.json', JSON.stringify(config, null, 2)),
        `umask 077 && ${fileText('/etc/sallyport-sensor/key', '{{key}}')}`,
        'chown sallyport-sensor: /etc/sallyport-sensor/*',
      ].join('\n'),
    },
    {
      title: 'The program, and nothing but this one',
      text: [
        `sed 's/^/Authorization: Bearer /' /etc/sallyport-sensor/key | curl -fsS${trust} -H @- -o /usr/lib/sallyport-sensor/new '{{address}}${bundlePath}'`,
        `echo '${sha256}  /usr/lib/sallyport-sensor/new' | sha256sum -c && install -m 0755 /usr/lib/sallyport-sensor/new /usr/lib/sallyport-sensor/sallyport-sensor.mjs`,
      ].join('\n'),
    },
    {
      title: 'The service',
      text: `umask 022 && ${fileText('/etc/systemd/system/sallyport-sensor.service', unit)}\nsystemctl daemon-reload && systemctl enable --now sallyport-sensor`,
    },
  ];
}

function fileText(file: string, text: string): string {
  return `cat > ${file} <<'END-OF-FILE'\n${text.trimEnd()}\nEND-OF-FILE`;
}
