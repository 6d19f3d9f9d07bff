// Pickles as CPython's own pickler wrote them (protocols 0 to 5, hexadecimal), and what is no pickle.

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { pickleAsMsgpack } from './pickle-shown.ts';
import { pickledClass, readPickle } from './pickle.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { openValue } from '../../values/open.ts';
import { encodeTagged } from '../../values/tagged.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
function shown(hex: string): string | null {
  const value = readPickle(bytes(hex));
  const msgpack = pickleAsMsgpack(value, hex.length / 2);
  return msgpack === null ? null : encodeTagged(openValue('msgpack', msgpack));
}

const samples: [string, string, string][] = [
  [
    'protocol 0',
    '286470300a56610a70310a49310a7356620a70320a492d350a7356630a70330a46322e350a7356640a70340a4e7356650a70350a4930310a7356660a70360a286c70370a49310a61493330300a614937303030300a61492d37303030300a617356670a70380a56e95c75346530300a70390a732e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'protocol 1',
    '7d71002858010000006171014b0158010000006271024afbffffff580100000063710347400400000000000058010000006471044e58010000006571054930310a58010000006671065d7107284b014d2c014a701101004a90eefeff6558010000006771085805000000c3a9e4b8807109752e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'protocol 2',
    '80027d71002858010000006171014b0158010000006271024afbffffff580100000063710347400400000000000058010000006471044e58010000006571058858010000006671065d7107284b014d2c014a701101004a90eefeff6558010000006771085805000000c3a9e4b8807109752e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'protocol 3',
    '80037d71002858010000006171014b0158010000006271024afbffffff580100000063710347400400000000000058010000006471044e58010000006571058858010000006671065d7107284b014d2c014a701101004a90eefeff6558010000006771085805000000c3a9e4b8807109752e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'protocol 4',
    '8004954e000000000000007d94288c0161944b018c0162944afbffffff8c0163944740040000000000008c0164944e8c016594888c0166945d94284b014d2c014a701101004a90eefeff658c0167948c05c3a9e4b88094752e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'protocol 5',
    '8005954e000000000000007d94288c0161944b018c0162944afbffffff8c0163944740040000000000008c0164944e8c016594888c0166945d94284b014d2c014a701101004a90eefeff658c0167948c05c3a9e4b88094752e',
    '{"a":1,"b":-5,"c":2.5,"d":null,"e":true,"f":[1,300,70000,-70000],"g":"é一"}',
  ],
  [
    'large integers',
    '80025d7100288a090000000000000000408a09ffffffffffffffff008a080000000000000080652e',
    '[{"$object":{"class":"builtins.int","via":"value","value":"1180591620717411303424"}},18446744073709551615,-9223372036854775808]',
  ],
  [
    'bytes of protocol 2',
    '8002635f636f646563730a656e636f64650a7100580300000000c3bf710158060000006c6174696e3171028671035271042e',
    '{"$bytes":"AP8="}',
  ],
  ['bytes of protocol 4', '8004950600000000000000430200ff942e', '{"$bytes":"AP8="}'],
  ['no bytes of protocol 2', '8002635f5f6275696c74696e5f5f0a62797465730a7100295271012e', '{"$bytes":""}'],
  ['a tuple, twice', '8004950d000000000000004b018c0178948694680186942e', '[[1,"x"],[1,"x"]]'],
  [
    'a dict with a default',
    '800263636f6c6c656374696f6e730a64656661756c74646963740a7100635f5f6275696c74696e5f5f0a6c6973740a710185710252710358010000006b71045d71054b0161732e',
    '{"k":[1]}',
  ],
  [
    'an ordered dict',
    '80049530000000000000008c0b636f6c6c656374696f6e73948c0b4f72646572656444696374949394295294288c017a944b018c0161944b02752e',
    '{"z":1,"a":2}',
  ],
  ['a set', '80049507000000000000008f94284b07902e', '{"$set":[7]}'],
  ['a set of protocol 2', '8002635f5f6275696c74696e5f5f0a7365740a71005d71014b07618571025271032e', '{"$set":[7]}'],
];
const complexPickle =
  '8004952e000000000000008c086275696c74696e73948c07636f6d706c6578949394473ff0000000000000474000000000000000869452942e';
const fractionPickle = '80049522000000000000008c096672616374696f6e73948c084672616374696f6e9493944b014b03869452942e';
const namespacePickle =
  '80049536000000000000008c057479706573948c0f53696d706c654e616d6573706163659493942952947d94288c0161944b018c0162945d948c0178946175622e';

describe('data', () => {
  it.each(samples)('%s', (_, hex, text) => {
    expect(shown(hex)).toBe(text);
  });
});

describe('objects', () => {
  it('are named with their arguments and state', () => {
    expect(shown(complexPickle)).toBe('{"$object":{"class":"builtins.complex","via":"args","value":[1.0,2.0]}}');
    expect(pickledClass(readPickle(bytes(complexPickle)))).toBe('builtins.complex');
    expect(shown(fractionPickle)).toBe('{"$object":{"class":"fractions.Fraction","via":"args","value":[1,3]}}');
    expect(shown(namespacePickle)).toBe(
      '{"$object":{"class":"types.SimpleNamespace","via":"kwargs","value":{"a":1,"b":["x"]}}}',
    );
  });

  it('are never called: what would run a command stands there as data', () => {
    // cos\nsystem\n(S'echo run'\ntR.
    expect(shown('636f730a73797374656d0a2853276563686f2072756e270a74522e')).toBe(
      '{"$object":{"class":"os.system","via":"args","value":["echo run"]}}',
    );
  });
});

describe('what is no whole pickle', () => {
  it.each(['', '80', '8004', '80044b', '8009', '2e', '80042e', '800428', '8004522e', '800468072e', '8004ff2e'])(
    '%s',
    (hex) => {
      expect(() => readPickle(bytes(hex))).toThrow(ForkpointError);
    },
  );

  it('is a value or an error for any bytes', () => {
    const opcodes = fc.array(
      fc.oneof(fc.constantFrom(...Buffer.from('(}]).aesut0q\x85\x86\x87\x94KNRbch', 'latin1')), fc.nat(255)),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(opcodes, (codes) => {
        try {
          pickleAsMsgpack(readPickle(Uint8Array.from(codes)), codes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ForkpointError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('hostile pickles', () => {
  it('that contain themselves are not shown in full', () => {
    // l = []; l.append(l)
    expect(shown('80045d946800612e')).toBeNull();
  });

  it('that unfold to more than memory holds are not unfolded', () => {
    // x = []; then forty times x = [x, x]
    const codes = [0x80, 0x04, 0x5d, 0x71, 0];
    for (let i = 0; i < 40; i++) codes.push(0x5d, 0x28, 0x68, i, 0x68, i, 0x65, 0x71, i + 1);
    expect(pickleAsMsgpack(readPickle(Uint8Array.from([...codes, 0x2e])), codes.length)).toBeNull();
  });

  it('that are nested deeper than anything are not shown in full', () => {
    const depth = 100_000;
    const codes = Buffer.concat([Buffer.alloc(depth, 0x5d), Buffer.alloc(depth - 1, 0x61), Buffer.from('.')]);
    expect(pickleAsMsgpack(readPickle(codes), codes.length)).toBeNull();
  });
});
