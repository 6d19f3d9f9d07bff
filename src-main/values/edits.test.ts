// Edits as the terminal gives them (`applyEdits` of splice.ts), and the warnings that go with them.

import { describe, expect, test } from 'vitest';
import type { Dialect, Edit } from './edit.ts';
import { opaqueValue, openValue } from './open.ts';
import { applyEdits } from './splice.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';

/** `set a=1`, `append list=2`, `remove a[0]`. */
function edit(line: string): Edit {
  const [, op, path = '', value = ''] = /^(\w+) ([^=]*)(?:=(.*))?$/s.exec(line) ?? [];
  if (op === 'remove') return { op, path };
  if (op === 'set' || op === 'append') return { op, path, value };
  throw new Error(line);
}

function apply(state: string, lines: string[], dialect: Dialect = 'msgpack'): { state: string; warnings: string[] } {
  const encoding = dialect === 'msgpack' ? 'msgpack' : 'json';
  const root = openValue(encoding, encoding === 'json' ? Buffer.from(state) : decodeTagged(state, 'msgpack'));
  const { bytes, warnings } = applyEdits(root, lines.map(edit), dialect);
  return {
    state: encoding === 'json' ? Buffer.from(bytes).toString() : encodeTagged(openValue('msgpack', bytes)),
    warnings: warnings.map((w) => `${w.code}: ${w.message} ${w.remedy ?? '-'}`),
  };
}

const after = (state: string, ...lines: string[]): string => apply(state, lines).state;
const refusal = (state: string, line: string, dialect: Dialect = 'msgpack'): string => {
  try {
    apply(state, [line], dialect);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'accepted';
};

describe('edits', () => {
  test('set replaces, creates the last part, and appends at the length', () => {
    expect(after('{"a":1}', 'set a=2')).toBe('{"a":2}');
    expect(after('{"a":1}', 'set b=[2]', 'set b[1]=3', 'set /b/-=4', 'set /b/0=1')).toBe('{"a":1,"b":[1,3,4]}');
    expect(after('{"a":{}}', 'set a.b={}', 'set a.b.c=1', 'set a["x.y"]=2', 'set /a/~1=3')).toBe(
      '{"a":{"b":{"c":1},"x.y":2,"/":3}}',
    );
    expect(after('{"a":[1,2]}', 'set a[-1]=3')).toBe('{"a":[1,3]}');
    expect(after('1', 'set ={"x":1}')).toBe('{"x":1}');
    expect(after('{"m":{"$map":[[1,2]]}}', 'set m[1]=3', 'set m[7]=4', 'set m.s=5')).toBe(
      '{"m":{"$map":[[1,3],[7,4],["s",5]]}}',
    );
  });

  test('the same value again changes no byte, however the stored one is spaced', () => {
    const state = '{\n  "a": [\n    1.0,\n    {"b": null}\n  ],\n  "c": 1e5\n}';
    expect(apply(state, ['set a=[1.0,{"b":null}]', 'set c=1e5'], 'json-serde').state).toBe(state);
    expect(apply(state, ['set a=[1,{"b":null}]'], 'json-serde').state).toContain('"a": [1,{"b":null}],');
    expect(apply(state, ['set c=100000.0'], 'json-serde').state).toContain('"c": 100000.0');
  });

  test('edits are applied in order, each to what the last one left', () => {
    expect(after('{"l":[1,2,3]}', 'remove l[0]', 'set l[0]=9', 'append l=4', 'remove l[-2]')).toBe('{"l":[9,4]}');
  });

  test('append and edits pass through objects', () => {
    expect(after('{"s":{"$set":[1]}}', 'append s=2')).toBe('{"s":{"$set":[1,2]}}');
    const message = '{"m":[{"$object":{"class":"a.AI","via":"json","value":{"content":"x","n":1.0}}}]}';
    expect(after(message, 'set m[0].content="yy"')).toBe(message.replace('"x"', '"yy"'));
    expect(after(message, 'set m[0].extra=null')).toBe(message.replace('1.0}', '1.0,"extra":null}'));
    expect(after(message, 'remove /m/0/$object/value/n')).toBe(message.replace(',"n":1.0', ''));
    expect(after(message, 'remove m[0]')).toBe('{"m":[]}');
    expect(after('{"d":{"$datetime":"2026-01-02T03:04:05"}}', 'set d={"$datetime":"2027-01-02T03:04:05"}')).toBe(
      '{"d":{"$datetime":"2027-01-02T03:04:05"}}',
    );
  });

  test('what was not edited stays byte for byte', () => {
    const odd = '{"big":9007199254740993, "f":1.0,"e":1E+2,  "dup":1,"dup":2,"esc":"\\u0041","a":1}';
    expect(apply(odd, ['set a=2'], 'json-js').state).toBe(odd.replace('"a":1}', '"a":2}'));
    expect(apply(odd, ['set dup=3'], 'json-js').state).toBe(odd.replace('"dup":2', '"dup":3'));
    expect(apply('{"a": 1}', ['set b={"c":[1,2]}'], 'json-python').state).toBe('{"a": 1, "b": {"c": [1, 2]}}');
  });

  test('what cannot be is exit 2, and a missing thing to remove is not_found', () => {
    expect(refusal('{"a":1}', 'set b.c=1')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set a.b=1')).toBe('bad_value');
    expect(refusal('{"a":[1]}', 'set a[2]=1')).toBe('bad_value');
    expect(refusal('{"a":[1]}', 'set a[-2]=1')).toBe('bad_value');
    expect(refusal('{"a":[1]}', 'set a.x=1')).toBe('bad_value');
    expect(refusal('{"a":[1]}', 'set /a/2=1')).toBe('bad_value');
    expect(refusal('{"a":1}', 'append a=1')).toBe('bad_value');
    expect(refusal('{"a":1}', 'append b=1')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set a=word')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set a=')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set a[=1')).toBe('bad_value');
    expect(refusal('{"a":1}', 'remove b')).toBe('not_found');
    expect(refusal('{"a":1}', 'remove ')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set [5]=1', 'json-js')).toBe('bad_value');
    expect(refusal('{"a":1}', 'set a={"$bytes":""}', 'json-js')).toBe('bad_value');
  });

  test('an edit must not break the shape of an object', () => {
    const state =
      '{"m":{"$object":{"class":"a.AI","via":"json","value":{"x":1}}},"n":{"$object":{"class":"","via":"numpy","value":["<i4",[1],"C",{"$bytes":"AAAAAA=="}]}}}';
    expect(refusal(state, 'set /m/$object/value=[1]')).toBe('bad_value');
    expect(refusal(state, 'remove n[0]')).toBe('bad_value');
    expect(refusal(state, 'set n[2]="X"')).toBe('bad_value');
    expect(refusal(state, 'append n=1')).toBe('bad_value');
    expect(refusal(state, 'set n[1][0]=2')).toBe('accepted');
  });

  test('nothing is nested deeper than the framework reads', () => {
    const nested = (n: number): string => `${'['.repeat(n)}${']'.repeat(n)}`;
    expect(refusal('{"a":1}', `set a=${nested(119)}`, 'json-serde')).toBe('accepted');
    expect(refusal('{"a":1}', `set a=${nested(120)}`, 'json-serde')).toBe('bad_value');
    expect(refusal('{"a":[]}', `append a=${nested(119)}`, 'json-serde')).toBe('bad_value');
    expect(refusal('{"a":1}', `set b=${nested(250)}`)).toBe('bad_value');
    expect(refusal('{"a":1}', `set b=${nested(900)}`, 'json-js')).toBe('accepted');
  });

  test('opaque values are not edited', () => {
    expect(() => applyEdits(opaqueValue('pickle', Buffer.from([1])), [edit('set a=1')], 'msgpack')).toThrow(
      expect.objectContaining({ code: 'unable' }),
    );
  });
});

describe('warnings', () => {
  const warned = (state: string, line: string, dialect?: Dialect): string | undefined =>
    apply(state, [line], dialect).warnings[0];

  test('number_kind, with the other spelling', () => {
    expect(warned('{"a":1.0}', 'set a=1')).toBe(
      'number_kind: "a" was a float (1.0) and becomes an integer (1). Write 1.0 to keep a float.',
    );
    expect(warned('{"a":1}', 'set a=2.0')).toBe(
      'number_kind: "a" was an integer (1) and becomes a float (2.0). Write 2 to keep an integer.',
    );
    expect(warned('{"a":1}', 'set a=2.5')).toBe('number_kind: "a" was an integer (1) and becomes a float (2.5). -');
    expect(warned('{"a":1.0}', 'set a=1', 'json-serde')).toContain('number_kind');
    expect(warned('{"a":{"$float":{"bits":"3f800000"}}}', 'set a=1.5')).toContain(
      'Write {"$float":{"bits":"3fc00000"}} to keep a float32.',
    );
    expect(warned('{"a":1}', 'set a=2')).toBeUndefined();
    expect(warned('{"a":1.0}', 'set a=2.5')).toBeUndefined();
  });

  test('type_change, with the other spelling where there is one', () => {
    expect(warned('{"a":"5"}', 'set a=5')).toBe(
      'type_change: "a" was a string ("5") and becomes an integer (5). Write "5" to keep a string.',
    );
    expect(warned('{"a":5}', 'set a="6"')).toBe(
      'type_change: "a" was an integer (5) and becomes a string ("6"). Write 6 to keep an integer.',
    );
    expect(warned('{"a":true}', 'set a="false"')).toContain('Write false to keep a boolean.');
    expect(warned('{"a":[1]}', 'set a={}')).toBe('type_change: "a" was a list ([1]) and becomes a map ({}). -');
    expect(warned('{"a":null}', 'set a=1')).toBe('type_change: "a" was null (null) and becomes an integer (1). -');
    expect(warned('{"a":{"$set":[1]}}', 'set a=[1]')).toContain('was a set');
    expect(
      warned(
        '{"a":{"$object":{"class":"m.A","via":"value","value":1}}}',
        'set a={"$object":{"class":"m.B","via":"value","value":1}}',
      ),
    ).toContain('an m.A'.replace('an ', 'a '));
    expect(warned('{"a":"x"}', 'set a="y"')).toBeUndefined();
    expect(warned('{"a":1}', 'set b="y"')).toBeUndefined();
    expect(warned('1', 'set ="x"')).toContain('The state was');
  });
});
