/** Level from 0 to 1. */
export type BatteryLevel = { readonly level: number; readonly isCharging: boolean };

/**
 * Watches the battery where the browser tells of it (Battery Status API: Chromium; neither Safari nor Firefox). Undefined
 * where it does not. Returns what stops the watching.
 */
export async function watchBattery(
  navigator: object,
  onChange: (battery: BatteryLevel) => void,
): Promise<(() => void) | undefined> {
  const getBattery: unknown = Reflect.get(navigator, 'getBattery');
  if (typeof getBattery !== 'function') return undefined;
  let battery: unknown;
  try {
    battery = await Reflect.apply(getBattery, navigator, []);
  } catch {
    return undefined;
  }
  if (!(battery instanceof EventTarget)) return undefined;
  const source = battery;
  const tell = (): void => {
    const level: unknown = Reflect.get(source, 'level');
    onChange({ level: typeof level === 'number' ? level : 1, isCharging: Reflect.get(source, 'charging') === true });
  };
  const events = ['chargingchange', 'levelchange'];
  for (const event of events) source.addEventListener(event, tell);
  tell();
  return () => {
    for (const event of events) source.removeEventListener(event, tell);
  };
}
