// What can be opened, as the terminal and the window list it.

import type { FormatInfo } from '../../../shared/model/shapes.ts';
import { formats } from '../../stores/registry.ts';

export function listFormats(): FormatInfo[] {
  return formats.map((f) => ({
    format: f.format,
    framework: f.framework,
    backend: f.backend,
    eras: [...f.eras],
    capabilities: [...f.capabilities],
    unable: f.unable.map((u) => ({ ...u })),
  }));
}
