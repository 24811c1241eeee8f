// Films of a camera at work and of what is done to cameras, made by ffmpeg from `vtest.avi`, a minute of a yard with
// people that Debian's opencv-doc brings. Noise of a sensor is put over all of them; nothing in them depends on chance.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';

export const yardFilm = '/usr/share/doc/opencv-doc/examples/data/vtest.avi';
const ffmpeg = '/usr/bin/ffmpeg';

/** Why films cannot be made here, or undefined. */
export function filmsMissing(): string | undefined {
  const missing = [ffmpeg, yardFilm].filter((path) => !existsSync(path));
  if (missing.length === 0) return undefined;
  return `${missing.join(' and ')}: apt-get install -y --no-install-recommends ffmpeg opencv-doc`;
}

export type CameraFilm = {
  readonly name: string;
  /** What is to be told from `tamperedAtSeconds` on; undefined: nothing, ever. */
  readonly tamper: string | undefined;
  readonly seconds: number;
  /** An ffmpeg filter graph from `[in]` to `[out]`; PICTURES_BEFORE stands for the pictures before the tampering. */
  readonly graph: string;
};

export const tamperedAtSeconds = 4;
const at = tamperedAtSeconds;
export const filmSize = { width: 416, height: 312 } as const;
const { width, height } = filmSize;
const from = `enable='gte(t,${at})'`;

/** Light falls to a part of itself between two seconds; blacks stay black, as eq works around the middle. */
function dim(part: number, begin: number, end: number): string {
  const contrast = `(1-${1 - part}*clip((t-${begin})/${Math.max(0.001, end - begin)}\\,0\\,1))`;
  return `eq=eval=frame:contrast='${contrast}':brightness='0.5*(${contrast}-1)'`;
}

/** What a sensor adds; more at night. */
const dayNoise = 'noise=alls=3:allf=t:all_seed=7';
const nightNoise = 'noise=alls=9:allf=t:all_seed=7';
const night = 'eq=contrast=0.28:brightness=-0.36';

const rain =
  `color=black:s=${width}x${height}:r=10,format=gray,noise=alls=100:allf=t:all_seed=11,` +
  `lut=y='if(gt(val,58),255,0)',boxblur=lr=0:lp=1,scale=${width}:${height * 8}:flags=neighbor,` +
  `crop=${width}:${height},boxblur=luma_radius=1,lut=y='val*0.8',format=yuv420p[rain]`;

/** Two lamps with their glow, as an alpha picture that is laid over. */
function glow(name: string, radius: number): string {
  const size = radius * 6;
  const middle = size / 2;
  return (
    `color=white:s=${size}x${size}:r=10,format=yuva420p,` +
    `geq=lum=255:cb=128:cr=128:a='255*clip(1.6*exp(-hypot(X-${middle}\\,Y-${middle})/${radius})-0.08\\,0\\,1)',` +
    `loop=loop=-1:size=1[${name}]`
  );
}

function film(name: string, tamper: string | undefined, graph: string, seconds = 8.6): CameraFilm {
  return { name, tamper, seconds, graph };
}

/** Nothing is done to the camera in any of these. */
export const quietFilms: readonly CameraFilm[] = [
  film('day', undefined, `[in]${dayNoise}[out]`, 12),
  film('dusk', undefined, `[in]${dim(0.2, 2, 10)},noise=alls=6:allf=t:all_seed=7[out]`, 12),
  film('night', undefined, `[in]${night},${nightNoise}[out]`),
  film('light switched off', undefined, `[in]${dim(0.2, at, at + 0.05)},noise=alls=6:allf=t:all_seed=7[out]`),
  film(
    'light switched on',
    undefined,
    `[in]eq=eval=frame:contrast='if(gte(t,${at}),1,0.25)':brightness='if(gte(t,${at}),0,-0.375)',${dayNoise}[out]`,
  ),
  film(
    'infrared at dusk',
    undefined,
    `[in]${dayNoise},hue=s=0:${from},eq=contrast=0.8:brightness=0.1:gamma=1.4:${from}[out]`,
  ),
  film(
    'rain',
    undefined,
    `${rain};[in]${dayNoise},format=yuv420p[wet];[wet][rain]blend=c0_mode=lighten:shortest=1[out]`,
  ),
  film(
    'rain at night',
    undefined,
    `${rain};[in]${night},${nightNoise},format=yuv420p[wet];[wet][rain]blend=c0_mode=lighten:c0_opacity=0.5:shortest=1[out]`,
  ),
  film(
    'headlights',
    undefined,
    `${glow('one', 40)};${glow('two', 40)};[in]${night},${nightNoise}[dark];` +
      `[dark][one]overlay=x='-300+(t-3)*260':y=60:shortest=1[lit];[lit][two]overlay=x='-200+(t-3)*260':y=66:shortest=1[out]`,
  ),
  film(
    'headlights towards the camera',
    undefined,
    `${glow('one', 70)};[in]${night},${nightNoise}[dark];` +
      `[dark][one]overlay=x=10:y=-40:shortest=1:enable='between(t,${at},${at + 1.6})'[out]`,
  ),
  film(
    'shaking',
    undefined,
    `[in]scale=${width + 24}:${height + 18},crop=${width}:${height}:x='12+9*sin(t*17)':y='9+7*sin(t*23)',${dayNoise}[out]`,
  ),
  film(
    'shaking at night',
    undefined,
    `[in]scale=${width + 24}:${height + 18},crop=${width}:${height}:x='12+9*sin(t*17)':y='9+7*sin(t*23)',${night},${nightNoise}[out]`,
  ),
  film('light that flickers', undefined, `[in]eq=eval=frame:brightness='0.15*sin(t*9)',${dayNoise}[out]`),
  film(
    'lorry drives by',
    undefined,
    `color=0x506070:s=260x200:r=10,drawgrid=w=40:h=50:t=2:c=0x304050[lorry];[in]null[yard];` +
      `[yard][lorry]overlay=x='-260+(t-${at})*230':y=90:shortest=1,${dayNoise}[out]`,
  ),
];

/** Something is done to the camera, four seconds in. */
export const tamperFilms: readonly CameraFilm[] = [
  film(
    'covered, dark',
    'black',
    `color=0x060606:s=${width}x${height}:r=10[cap];[in]null[yard];[yard][cap]overlay=${from}:shortest=1,${dayNoise}[out]`,
  ),
  film(
    'covered by a hand',
    'covered',
    `color=0x7a5040:s=${width}x${height}:r=10,vignette=a=0.9,boxblur=8[hand];[in]null[yard];[yard][hand]overlay=x=0:y='max(0,${height}-(t-${at})*${height * 4})':${from}:shortest=1,${dayNoise}[out]`,
  ),
  film(
    'covered by cloth',
    'covered',
    `color=0x606060:s=${width}x${height}:r=10,noise=alls=70:all_seed=3,format=yuv420p,boxblur=10:3,eq=contrast=3[cloth];[in]null[yard];[yard][cloth]overlay=${from}:shortest=1,${dayNoise}[out]`,
  ),
  film(
    'covered at night',
    'black',
    `color=0x040404:s=${width}x${height}:r=10[cap];[in]${night}[yard];[yard][cap]overlay=${from}:shortest=1,${nightNoise}[out]`,
  ),
  film(
    'sprayed',
    'covered',
    `color=0x303030:s=${width}x${height}:r=10,format=yuva420p,geq=lum=45:cb=128:cr=128:a='255*clip(3-hypot((X-150)/90\\,(Y-150)/80)*1.7\\,0\\,1)',loop=loop=-1:size=1[paint];[in]null[yard];[yard][paint]overlay=${from}:shortest=1,${dayNoise}[out]`,
  ),
  film('blurred', 'blurred', `[in]gblur=sigma=4:${from},${dayNoise}[out]`),
  film('blurred at night', 'blurred', `[in]gblur=sigma=5:${from},${night},${nightNoise}[out]`),
  film(
    'moved',
    'moved',
    `[in]scale=${width * 1.2}:${height * 1.2},crop=${width}:${height}:x='if(gte(t,${at}),${width * 0.18},10)':y=30,${dayNoise}[out]`,
  ),
  film('moved away', 'moved', `[in]split[a][b];[b]hflip,vflip[c];[a][c]overlay=${from}:shortest=1,${dayNoise}[out]`),
  film(
    'moved at night',
    'moved',
    `[in]scale=${width * 1.2}:${height * 1.2},crop=${width}:${height}:x='if(gte(t,${at}),${width * 0.18},10)':y=30,${night},${nightNoise}[out]`,
  ),
  film(
    'rotated',
    'moved',
    `[in]scale=${width * 1.2}:${height * 1.2},rotate=a='if(gte(t,${at}),0.14,0)':c=gray,crop=${width}:${height},${dayNoise}[out]`,
  ),
  film(
    'dazzled',
    'dazzled',
    `${glow('lamp', 150)};[in]null[yard];[yard][lamp]overlay=x=-240:y=-290:${from}:shortest=1,${dayNoise}[out]`,
  ),
  film(
    'dazzled at night',
    'dazzled',
    `${glow('lamp', 150)};[in]${night}[yard];[yard][lamp]overlay=x=-240:y=-290:${from}:shortest=1,${nightNoise}[out]`,
  ),
  film('frozen', 'frozen', `[in]${dayNoise},loop=loop=80:size=1:start=PICTURES_BEFORE[out]`),
  film('replayed', 'replayed', `[in]${dayNoise},trim=end=${at},loop=loop=2:size=PICTURES_BEFORE:start=0[out]`),
];

export type FilmOptions = {
  readonly as: 'rgb' | 'jpeg';
  readonly perSecond: number;
  /** Where in the yard's film it begins, up to 50: another hour with other people. */
  readonly beginSeconds?: number;
  /** Of JPEGs of a film without anything laid over it; `filmSize` otherwise. */
  readonly size?: { readonly width: number; readonly height: number };
};

/** The pictures of a film: RGB in rows of `filmSize`, or JPEG as a camera sends it. */
export async function* playFilm(film: CameraFilm, options: FilmOptions): AsyncGenerator<Buffer> {
  const { as, perSecond, beginSeconds = 0, size = filmSize } = options;
  const graph = film.graph.replaceAll('PICTURES_BEFORE', String(at * perSecond));
  const yard = `[0:v]fps=${perSecond},scale=${size.width}:${size.height},setpts=N/${perSecond}/TB[in]`;
  const output = as === 'rgb' ? ['-f', 'rawvideo', '-pix_fmt', 'rgb24'] : ['-f', 'mjpeg', '-q:v', '4'];
  const input = [
    '-v',
    'error',
    '-filter_complex_threads',
    '1',
    '-threads',
    '1',
    '-ss',
    String(beginSeconds),
    '-i',
    yardFilm,
  ];
  const args = [
    ...input,
    '-filter_complex',
    `${yard};${graph}`,
    '-map',
    '[out]',
    '-t',
    String(film.seconds),
    ...output,
    '-',
  ];
  const child = spawn(ffmpeg, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  let rest = Buffer.alloc(0);
  const whole = as === 'rgb' ? () => cutFrame(rest) : () => cutJpeg(rest);
  try {
    for await (const chunk of child.stdout) {
      if (!Buffer.isBuffer(chunk)) continue;
      rest = Buffer.concat([rest, chunk]);
      for (let length = whole(); length > 0; length = whole()) {
        yield rest.subarray(0, length);
        rest = rest.subarray(length);
      }
    }
    await exited;
    if (complaint !== '') throw new Error(`Cannot make the film "${film.name}": ${complaint.slice(0, 1000)}`);
  } finally {
    child.kill('SIGKILL');
  }
}

function cutFrame(bytes: Buffer): number {
  const length = width * height * 3;
  return bytes.length >= length ? length : 0;
}

/** Up to the end marker: in ffmpeg's own JPEGs none is inside. */
function cutJpeg(bytes: Buffer): number {
  const end = bytes.indexOf(Buffer.from([0xff, 0xd9]));
  return end < 0 ? 0 : end + 2;
}
