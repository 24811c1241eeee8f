/** About where a country is, and how far from there its people are at most. */
export type CountryPlace = { readonly latitude: number; readonly longitude: number; readonly radiusKm: number };

/**
 * By ISO 3166-1 code: latitude, longitude, radius in kilometres. Rough on purpose: the radius takes in coasts and islands, so that the
 * least distance between two countries is rather too small. Parts that have a code of their own are not within it.
 */
const table = `
AD 42.5 1.5 30;AE 24 54 350;AF 34 66 800;AG 17.1 -61.8 60;AI 18.2 -63.1 30;AL 41 20 200;AM 40 45 200;AO -12.5 18.5 1000;AQ -80 0 2500
AR -35 -65 2000;AS -14.3 -170.7 200;AT 47.3 13.3 350;AU -27 134 2300;AW 12.5 -70 30;AX 60.2 20 80;AZ 40.5 47.5 300
BA 44 18 200;BB 13.2 -59.5 30;BD 24 90 400;BE 50.8 4.5 180;BF 13 -1.7 450;BG 43 25 300;BH 26 50.5 50;BI -3.5 30 150;BJ 9.5 2.3 400
BL 17.9 -62.8 20;BM 32.3 -64.8 30;BN 4.5 114.7 100;BO -17 -65 900;BQ 12.2 -68.3 900;BR -10 -53 2500;BS 24.3 -76 500;BT 27.5 90.5 200
BV -54.4 3.4 30;BW -22 24 600;BY 53 28 400;BZ 17.2 -88.7 180
CA 60 -96 2900;CC -12.2 96.8 30;CD -3 23.5 1300;CF 6.6 20.5 700;CG -1 15.5 700;CH 46.8 8.2 220;CI 7.6 -5.6 450;CK -21.2 -159.8 800
CL -36 -71 2300;CM 5.7 12.7 650;CN 35 103 2700;CO 4 -73 1000;CR 9.8 -84 550;CU 21.6 -79 650;CV 16 -24 200;CW 12.2 -69 50
CX -10.5 105.6 30;CY 35.1 33.3 150;CZ 49.8 15.5 300;DE 51.2 10.4 500;DJ 11.7 42.6 130;DK 56 10.5 300;DM 15.4 -61.4 40;DO 18.9 -70.5 250
DZ 28.2 2.6 1500;EC -1.4 -78.8 1400;EE 58.7 25.5 220;EG 26.5 29.9 750;EH 24.7 -13.7 450;ER 15.4 38.8 500;ES 40 -3.6 650;ET 8.6 39.6 800
FI 64.5 26.3 650;FJ -17.8 178 400;FK -51.7 -59.4 200;FM 6.9 158.2 2300;FO 62 -6.9 80;FR 46.6 2.5 650;GA -0.6 11.8 400;GB 54 -2.7 750
GD 12.1 -61.7 40;GE 42.2 43.5 300;GF 4 -53 300;GG 49.5 -2.5 50;GH 8 -1.2 400;GI 36.1 -5.3 20;GL 70 -42 1400;GM 13.4 -15.4 250
GN 10.4 -10.9 450;GP 16.2 -61.5 60;GQ 1.7 10.3 500;GR 39 23 450;GS -54.4 -36.6 500;GT 15.7 -90.4 280;GU 13.4 144.8 40;GW 12 -15 180
GY 4.8 -58.9 450;HK 22.4 114.1 50;HM -53.1 73.5 50;HN 14.8 -86.6 350;HR 45.1 16.4 300;HT 19 -72.7 200;HU 47.2 19.4 300
ID -2.2 117.3 2700;IE 53.2 -8.1 280;IL 31.4 35 250;IM 54.2 -4.5 40;IN 22 79 1800;IO -7.3 72.4 200;IQ 33 43.7 550;IR 32.5 54.3 1100
IS 65 -18.6 300;IT 42.8 12.1 750;JE 49.2 -2.1 30;JM 18.2 -77.3 130;JO 31.2 36.8 300;JP 37 138 1700;KE 0.6 37.8 600;KG 41.5 74.5 500
KH 12.7 104.9 320;KI 1.9 -157.4 3700;KM -12.2 43.8 150;KN 17.3 -62.7 40;KP 40.2 127.2 400;KR 36.4 127.8 400;KW 29.3 47.6 130;KY 19.4 -80.9 150
KZ 48.2 67.3 1600;LA 18.5 103.8 600;LB 33.9 35.9 130;LC 13.9 -61 40;LI 47.2 9.6 20;LK 7.6 80.7 250;LR 6.5 -9.3 300;LS -29.6 28.2 150
LT 55.3 23.9 220;LU 49.8 6.1 50;LV 56.9 24.9 260;LY 27 18 1000;MA 30 -8.5 1000;MC 43.7 7.4 10;MD 47.2 28.5 220;ME 42.8 19.2 120
MF 18.1 -63.1 20;MG -19.4 46.7 850;MH 7 170.3 700;MK 41.6 21.7 130;ML 17.3 -3.5 1000;MM 21.2 96.5 1200;MN 46.8 103.1 1250;MO 22.2 113.5 20
MP 15.8 145.6 500;MQ 14.7 -61 50;MR 20.3 -10.3 850;MS 16.7 -62.2 20;MT 35.9 14.4 40;MU -20.3 57.6 650;MV 3.7 73.5 550;MW -13.2 34.3 480
MX 24 -102.5 1900;MY 3.8 109.7 1300;MZ -17.3 35.5 1100;NA -22.1 17.2 900;NC -21.3 165.7 350;NE 17.4 9.4 950;NF -29 168 30;NG 9.6 8.1 750
NI 12.8 -85 300;NL 52.3 5.6 200;NO 65 13 1150;NP 28.3 83.9 480;NR -0.5 166.9 20;NU -19.1 -169.9 30;NZ -41.8 171.5 1000;OM 20.6 56.1 650
PA 8.5 -80.1 380;PE -9.2 -74.4 1200;PF -17.7 -149.4 1500;PG -6.5 145.2 1100;PH 11.8 122.9 1100;PK 30 69.4 950;PL 52.1 19.4 450;PM 46.9 -56.3 40
PN -24.4 -128.3 300;PR 18.2 -66.5 120;PS 31.9 35.2 120;PT 39.6 -8.5 1800;PW 7.3 134.4 500;PY -23.2 -58.4 600;QA 25.3 51.2 100;RE -21.1 55.5 50
RO 45.9 25 420;RS 44.2 20.8 270;RU 58 75 4800;RW -2 29.9 140;SA 24.1 44.5 1200;SB -8.9 159.6 900;SC -6.4 52.2 1200;SD 16 30 1100
SE 62.8 16.7 850;SG 1.3 103.8 40;SH -12.4 -9.5 2900;SI 46.1 14.8 150;SJ 78 19 700;SK 48.7 19.5 250;SL 8.6 -11.8 200;SM 43.9 12.5 15
SN 14.4 -14.5 380;SO 4.8 45.7 950;SR 4.1 -55.9 300;SS 7.3 30.2 650;ST 0.4 6.7 120;SV 13.7 -88.9 160;SX 18 -63 20;SY 35 38.5 400
SZ -26.6 31.5 120;TC 21.8 -71.8 100;TD 15.3 18.6 1000;TF -49.3 69.5 1500;TG 8.5 1 320;TH 15.1 101 950;TJ 38.5 71 420;TK -9.2 -171.8 150
TL -8.8 125.8 170;TM 39.1 59.4 650;TN 34.1 9.6 420;TO -20 -174.8 450;TR 39.1 35.2 900;TT 10.5 -61.3 80;TV -7.5 178.7 400;TW 23.8 121 250
TZ -6.3 34.8 750;UA 49 31.4 750;UG 1.3 32.4 380;UM 10 -170 4000;US 42 -105 5000;UY -32.8 -56 350;UZ 41.8 63.1 800;VA 41.9 12.5 10
VC 13.2 -61.2 60;VE 7.1 -66.2 900;VG 18.5 -64.5 50;VI 18 -64.8 60;VN 16.6 106.3 950;VU -16.2 167.7 500;WF -13.9 -177.3 150;WS -13.8 -172.2 80
XK 42.6 20.9 100;YE 15.9 47.6 800;YT -12.8 45.1 30;ZA -29 25 1100;ZM -13.5 27.8 800;ZW -19 29.9 500
`;

const places: ReadonlyMap<string, CountryPlace> = new Map(
  table
    .split(/[\n;]/)
    .filter((line) => line !== '')
    .map((line) => placeOf(line.split(' '))),
);

function placeOf([code = '', latitude = '', longitude = '', radius = '']: readonly string[]): [string, CountryPlace] {
  return [code, { latitude: Number(latitude), longitude: Number(longitude), radiusKm: Number(radius) }];
}

export function placeOfCountry(code: string): CountryPlace | undefined {
  return places.get(code);
}

const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

/** `Japan`; the code itself where it is no country's. */
export function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : code.slice(0, 20);
}
