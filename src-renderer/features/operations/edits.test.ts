import { describe, expect, it } from 'vitest';
import { fromShape, isEmptyHanded, isUntouched, newValue, syntaxError, toShapes, typedEdit } from './edits.ts';

describe('typed edits', () => {
  it('leave out what was opened and not changed', () => {
    const edit = typedEdit('plan', '"refund"');
    expect(isUntouched(edit)).toBe(true);
    expect(toShapes([edit, { ...edit, text: '"wait"' }])).toEqual([{ op: 'set', path: 'plan', value: '"wait"' }]);
  });

  it('are nothing while one of them cannot be read', () => {
    const edit = { ...typedEdit('plan', '"refund"'), text: 'wait' };
    expect(syntaxError(edit)).toBe('This is not JSON yet. A text stands in double quotes.');
    expect(toShapes([edit])).toBeNull();
    expect(syntaxError({ ...edit, text: ' ' })).toBe('A value is missing.');
    expect(syntaxError({ ...edit, text: '{"a": 1' })).toBe('This is not JSON yet.');
  });

  it('may begin with nothing, and are nothing until a value is typed', () => {
    const added = newValue('set', 'budget');
    expect(isEmptyHanded(added)).toBe(true);
    expect(syntaxError(added)).toBe('Type the new value as JSON.');
    expect(toShapes([added])).toBeNull();
    expect(toShapes([{ ...added, text: '1.0' }, newValue('remove', 'plan')])).toEqual([
      { op: 'set', path: 'budget', value: '1.0' },
      { op: 'remove', path: 'plan' },
    ]);
  });

  it('keep edits that came from elsewhere as they were', () => {
    const shapes = [{ op: 'remove', path: 'a' } as const, { op: 'append', path: 'b', value: '1.0' } as const];
    expect(toShapes(shapes.map(fromShape))).toEqual(shapes);
  });
});
