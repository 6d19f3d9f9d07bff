// The window's last place: remembered, and forgotten when the screen that it was on is gone.

import * as z from 'zod/mini';

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const whole = z.int().check(z.minimum(-100_000), z.maximum(100_000));
export const WindowPlace = z.object({
  x: whole,
  y: whole,
  width: whole,
  height: whole,
  maximized: z.boolean(),
});
export type WindowPlace = z.infer<typeof WindowPlace>;

export const smallest = { width: 640, height: 480 } as const;
const usual = { width: 1440, height: 940 } as const;

/** So much of the window's top edge must be on a screen to be grasped again. */
const grasp = { width: 120, height: 40 } as const;

/** Bounds for a new window: the remembered ones if they can be reached, else the usual size, centred by the system. */
export function boundsFor(
  place: WindowPlace | null,
  screens: readonly Rectangle[],
): { readonly width: number; readonly height: number; readonly x?: number; readonly y?: number } {
  if (place === null) return usual;
  const { x, y } = place;
  const width = Math.max(smallest.width, place.width);
  const height = Math.max(smallest.height, place.height);
  const reachable = screens.some((s) => {
    const across = Math.min(x + width, s.x + s.width) - Math.max(x, s.x);
    return across >= grasp.width && y >= s.y && y + grasp.height <= s.y + s.height;
  });
  return reachable ? { x, y, width, height } : { width, height };
}
