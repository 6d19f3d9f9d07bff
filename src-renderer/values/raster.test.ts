import { describe, expect, it } from 'vitest';
import { pictureAddress, pictureIn } from './raster.ts';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('pictures', () => {
  it('knows rasters by their first bytes, whatever their label says', () => {
    expect(pictureIn(png)?.mime).toBe('image/png');
    expect(pictureIn(`data:image/jpeg;base64,${png}`)?.mime).toBe('image/png');
    expect(pictureIn('/9j/4AAQSkZJRg')?.mime).toBe('image/jpeg');
    expect(pictureIn('UklGRiQAAABXRUJQVlA4IBgAAAA=')?.mime).toBe('image/webp');
  });

  it('draws nothing else', () => {
    for (const text of [
      'data:image/svg+xml;base64,PHN2Zz4=',
      'data:text/html;base64,PGI+',
      'iVBOR',
      'hello',
      `x${png}`,
    ]) {
      expect(pictureIn(text), text).toBeNull();
    }
    expect(pictureAddress({ mime: 'image/png', base64: 'iVBORw0KGgo"><b>' })).toBeNull();
  });
});
