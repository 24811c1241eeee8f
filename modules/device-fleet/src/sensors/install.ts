import { Readable } from 'node:stream';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { DeviceFleetError } from '../errors.ts';

/** What another host is given. */
export type InstallNeeds = {
  /** The sensor, its program first; undefined when this server was not built with it. */
  readonly bundle: () => { readonly program: InstallFile; readonly engine: readonly InstallFile[] } | undefined;
  /** The systemd unit. */
  readonly unit: string;
  /** The certificate clients of this server must trust; undefined while it has no authority of its own. */
  readonly authorityPem: () => string | undefined;
};

export type InstallFile = {
  /** `[A-Za-z0-9_.-]+` */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of the bytes, in hex. */
  readonly sha256: string;
};

export type InstallStep = { readonly title: string; readonly text: string };

const Install = Type.Object({
  sha256: Type.String({ description: 'Of the sensor' }),
  bytes: Type.Integer(),
  engine: Type.Array(Type.Object({ name: Type.String(), sha256: Type.String(), bytes: Type.Integer() }), {
    description: 'What has to stand beside it on hosts that have YARA rules',
  }),
  steps: Type.Array(Type.Object({ title: Type.String(), text: Type.String({ description: 'For a shell, as root' }) }), {
    description: 'To be run on the host in this order; `{{address}}` and `{{key}}` are to be filled in',
  }),
});

const bundlePath = '/v1/sensors/bundle';
const programFolder = '/usr/lib/sallyport-sensor';

/** `/v1/sensors/install` and the files it fetches. */
export function createInstallRoutes(needs: InstallNeeds): RoutePlugin {
  const built = (): NonNullable<ReturnType<InstallNeeds['bundle']>> => {
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
        const { program, engine } = built();
        return {
          sha256: program.sha256,
          bytes: program.bytes.byteLength,
          engine: engine.map(({ name, sha256, bytes }) => ({ name, sha256, bytes: bytes.byteLength })),
          steps: installSteps({ ...needs, sha256: program.sha256, engine }),
        };
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
        const { bytes, sha256 } = built().program;
        return reply
          .header('content-type', 'text/javascript; charset=utf-8')
          .header('etag', `"${sha256}"`)
          .send(Readable.from([Buffer.from(bytes)]));
      },
    );

    app.get(
      `${bundlePath}/:file`,
      {
        config: { scope: 'events:write' },
        schema: {
          summary: 'A file of the engine for YARA rules; names and hashes stand in /v1/sensors/install',
          tags: ['sensors'],
          produces: ['application/octet-stream'],
          params: Type.Object({ file: Type.String({ pattern: '^[A-Za-z0-9_.-]+$', maxLength: 64 }) }),
          response: {
            200: {
              description: 'The file',
              content: { 'application/octet-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
            },
          },
        },
      },
      async (request, reply) => {
        const file = built().engine.find(({ name }) => name === request.params.file);
        if (file === undefined)
          throw new DeviceFleetError(
            'sensor_bundle_missing',
            `Cannot give out "${request.params.file}": no such file`,
            {
              hint: 'GET /v1/sensors/install names those there are',
            },
          );
        return reply
          .header('content-type', 'application/octet-stream')
          .header('etag', `"${file.sha256}"`)
          .send(Readable.from([Buffer.from(file.bytes)]));
      },
    );
  };
}

/** Nothing is run that does not have the hash, and the key stands on no command line. */
export function installSteps(given: {
  readonly sha256: string;
  readonly engine: readonly Pick<InstallFile, 'name' | 'sha256'>[];
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
        ...fetched({ trust, path: bundlePath, sha256, name: 'sallyport-sensor.mjs', mode: '0755' }),
        ...given.engine.flatMap(({ name, sha256: hash }) =>
          fetched({ trust, path: `${bundlePath}/${name}`, sha256: hash, name, mode: '0644' }),
        ),
      ].join('\n'),
    },
    {
      title: 'The service',
      text: `umask 022 && ${fileText('/etc/systemd/system/sallyport-sensor.service', unit)}\nsystemctl daemon-reload && systemctl enable --now sallyport-sensor`,
    },
  ];
}

/** Put in its place only when it has the hash. */
function fetched(file: {
  readonly trust: string;
  readonly path: string;
  readonly sha256: string;
  readonly name: string;
  readonly mode: string;
}): string[] {
  const arrived = `${programFolder}/new`;
  return [
    `sed 's/^/Authorization: Bearer /' /etc/sallyport-sensor/key | curl -fsS${file.trust} -H @- -o ${arrived} '{{address}}${file.path}'`,
    `echo '${file.sha256}  ${arrived}' | sha256sum -c && install -m ${file.mode} ${arrived} ${programFolder}/${file.name}`,
  ];
}

function fileText(file: string, text: string): string {
  return `cat > ${file} <<'END-OF-FILE'\n${text.trimEnd()}\nEND-OF-FILE`;
}
