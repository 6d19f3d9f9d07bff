// Python pickles as data: the opcodes are followed on a stack, and nothing is imported, called or constructed. Where Python would
// call something, an inert object stands with the name of what would be called and its arguments.
//
// Opcodes of protocols 0 to 5 (`pickletools.py` of CPython). A class of plain data (`dict`, `bytes`, `set` …) becomes that data.

import { ForkpointError } from '../../../shared/model/errors.ts';

export type Pickled =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | PickledList
  | PickledDict
  | PickledObject
  | PickledGlobal;

export interface PickledList {
  readonly kind: 'list' | 'tuple' | 'set';
  readonly items: Pickled[];
}

export interface PickledDict {
  readonly kind: 'dict';
  /** In the order they were set; of a key that was set twice the later one counts. */
  readonly entries: [Pickled, Pickled][];
}

/** What a call would have made. */
export interface PickledObject {
  readonly kind: 'object';
  readonly module: string;
  readonly name: string;
  readonly args: readonly Pickled[];
  /** What `BUILD` would have given to it. */
  state: Pickled;
  /** Items and entries that would have been appended to it. */
  readonly items: Pickled[];
  readonly entries: [Pickled, Pickled][];
}

export interface PickledGlobal {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
}

const bad = (what: string, at: number): ForkpointError =>
  new ForkpointError('corrupt', `This is no whole Python pickle: ${what} at byte ${at}.`, null);

const mark = Symbol('mark');
type OnStack = Pickled | typeof mark;

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Reads the opcodes' arguments; every read is checked against the end. */
class Input {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(n: number): Buffer {
    if (n < 0 || this.at + n > this.#bytes.length) throw bad('it ends too early', this.#bytes.length);
    this.at += n;
    return this.#bytes.subarray(this.at - n, this.at);
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  u16(): number {
    return this.take(2).readUInt16LE();
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  /** A length of eight bytes. */
  u64(): number {
    const value = this.take(8).readBigUInt64LE();
    return value > BigInt(this.#bytes.length) ? Number.MAX_SAFE_INTEGER : Number(value);
  }

  /** Up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw bad('a line does not end', this.at);
    const text = latin1(this.#bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }

  /** UTF-8 as pickles have it: lone surrogates are written out, and come back as U+FFFD here. */
  utf8(n: number): string {
    return this.take(n).toString('utf8');
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const hex = Buffer.from(bytes).reverse().toString('hex');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

function decimal(text: string, at: number): bigint {
  const digits = text.replace(/L$/, '').trim();
  if (!/^-?\d+$/.test(digits)) throw bad('a number is not one', at);
  return BigInt(digits);
}

/** The text between the quotes of a protocol 0 string. */
function quotedText(line: string, at: number): string {
  const text = /^(['"])(.*)\1$/s.exec(line.trim())?.[2];
  if (text === undefined) throw bad('a string has no quotes', at);
  return text.replace(/\\(x[0-9a-fA-F]{2}|[\\'"nrt0])/g, (_, code: string) =>
    code.startsWith('x')
      ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
      : ({ n: '\n', r: '\r', t: '\t', '0': '\0' }[code] ?? code),
  );
}

const rawUnicode = (line: string): string =>
  line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole: string, four?: string, eight?: string) => {
    const code = Number.parseInt(four ?? eight ?? '', 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

interface Kinds {
  readonly list: PickledList;
  readonly tuple: PickledList;
  readonly set: PickledList;
  readonly dict: PickledDict;
  readonly object: PickledObject;
  readonly global: PickledGlobal;
}

const kindOf = (value: Pickled): keyof Kinds | null =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? value.kind : null;

export const isKind = <K extends keyof Kinds>(value: Pickled, kind: K): value is Kinds[K] & Pickled =>
  kindOf(value) === kind;

function listItems(value: Pickled | undefined): Pickled[] | null {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return null;
  return value.kind === 'list' || value.kind === 'tuple' || value.kind === 'set' ? value.items : null;
}

/** What calling a class of plain data gives; undefined for anything else, which becomes an inert object. */
function plainData(module: string, name: string, args: readonly Pickled[]): Pickled | undefined {
  const [first] = args;
  const builtin = module === 'builtins' || module === '__builtin__';
  if (module === '_codecs' && name === 'encode') {
    return typeof first === 'string' && (args.length === 1 || args[1] === 'latin1' || args[1] === 'latin-1')
      ? Buffer.from(first, 'latin1')
      : undefined;
  }
  if (builtin && (name === 'bytes' || name === 'bytearray')) {
    if (args.length === 0) return new Uint8Array();
    return first instanceof Uint8Array ? first : undefined;
  }
  if (builtin && name === 'dict' && args.length === 0) return { kind: 'dict', entries: [] };
  // A default is made by calling something: what is stored so far is all that there is.
  if (module === 'collections' && name === 'defaultdict' && args.length <= 1) return { kind: 'dict', entries: [] };
  if (module === 'collections' && name === 'OrderedDict' && args.length === 0) return { kind: 'dict', entries: [] };
  if (builtin && (name === 'set' || name === 'frozenset' || name === 'list' || name === 'tuple')) {
    const items = args.length === 0 ? [] : listItems(first);
    if (items === null) return undefined;
    return { kind: name === 'list' || name === 'tuple' ? name : 'set', items: [...items] };
  }
  return undefined;
}

const inert = (module: string, name: string, args: readonly Pickled[]): PickledObject => ({
  kind: 'object',
  module,
  name,
  args,
  state: null,
  items: [],
  entries: [],
});

function called(target: Pickled, args: readonly Pickled[]): Pickled {
  if (isKind(target, 'global')) {
    const { module, name } = target;
    // How every object of protocol 2 and later begins: the class is the first argument.
    const [type, ...rest] = args;
    if (module === 'copyreg' || module === 'copy_reg') {
      if (name === '__newobj__' && type !== undefined && isKind(type, 'global'))
        return inert(type.module, type.name, rest);
      if (name === '_reconstructor' && type !== undefined && isKind(type, 'global'))
        return inert(type.module, type.name, rest.slice(2));
    }
    return plainData(module, name, args) ?? inert(module, name, args);
  }
  if (isKind(target, 'object')) return inert(target.module, `${target.name}()`, args);
  return inert('', 'call', [target, ...args]);
}

function appendTo(target: Pickled, items: readonly Pickled[], at: number): void {
  const into = isKind(target, 'object') ? target.items : listItems(target);
  if (into === null || kindOf(target) === 'tuple') throw bad('something is appended to what is no list', at);
  for (const item of items) into.push(item);
}

function setIn(target: Pickled, flat: readonly Pickled[], at: number): void {
  const entries = isKind(target, 'object') || isKind(target, 'dict') ? target.entries : null;
  if (entries === null) throw bad('an entry is set in what is no dict', at);
  if (flat.length % 2 !== 0) throw bad('a key has no value', at);
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i] ?? null, flat[i + 1] ?? null]);
}

/** The value that a pickle holds. Throws `corrupt` where the bytes are no whole pickle. */
export function readPickle(bytes: Uint8Array): Pickled {
  const input = new Input(bytes);
  const stack: OnStack[] = [];
  const memo = new Map<number, Pickled>();
  const push = (value: OnStack): void => void stack.push(value);
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === mark) throw bad('its stack is empty', input.at);
    return value;
  };
  const top = (): Pickled => {
    const value = stack.at(-1);
    if (value === undefined || value === mark) throw bad('its stack is empty', input.at);
    return value;
  };
  const toMark = (): Pickled[] => {
    const at = stack.lastIndexOf(mark);
    if (at < 0) throw bad('a mark is missing', input.at);
    const items = stack.splice(at).slice(1);
    return items.filter((item) => item !== mark);
  };
  const name = (value: Pickled): string => {
    if (typeof value !== 'string') throw bad('a name is no text', input.at);
    return value;
  };
  const tuple = (items: Pickled[]): PickledList => ({ kind: 'tuple', items });
  const argsOf = (value: Pickled): Pickled[] => {
    const items = listItems(value);
    if (items === null) throw bad('arguments are no tuple', input.at);
    return items;
  };
  const recall = (key: number): Pickled => {
    const value = memo.get(key);
    if (value === undefined) throw bad('it refers to what is not there', input.at);
    return value;
  };
  for (;;) {
    const at = input.at;
    const code = input.u8();
    switch (code) {
      case 0x2e: // STOP
        return pop();
      case 0x80: // PROTO
        if (input.u8() > 5) throw bad('its protocol is later than 5', at);
        break;
      case 0x95: // FRAME
        input.take(8);
        break;
      case 0x28:
        push(mark);
        break;
      case 0x30: // POP
        if (stack.pop() === undefined) throw bad('its stack is empty', at);
        break;
      case 0x31: // POP_MARK
        toMark();
        break;
      case 0x32: // DUP
        push(top());
        break;
      case 0x4e:
        push(null);
        break;
      case 0x88:
      case 0x89:
        push(code === 0x88);
        break;
      case 0x49: {
        // INT; protocol 0 writes booleans as 00 and 01
        const line = input.line();
        push(line === '00' ? false : line === '01' ? true : decimal(line, at));
        break;
      }
      case 0x4c: // LONG
        push(decimal(input.line(), at));
        break;
      case 0x4a:
        push(BigInt(input.take(4).readInt32LE()));
        break;
      case 0x4b:
        push(BigInt(input.u8()));
        break;
      case 0x4d:
        push(BigInt(input.u16()));
        break;
      case 0x8a: // LONG1
        push(littleEndian(input.take(input.u8())));
        break;
      case 0x8b: // LONG4
        push(littleEndian(input.take(input.u32())));
        break;
      case 0x46: // FLOAT
        push(Number(input.line()));
        break;
      case 0x47: // BINFLOAT
        push(input.take(8).readDoubleBE());
        break;
      case 0x53: // STRING
        push(quotedText(input.line(), at));
        break;
      case 0x54: // BINSTRING
        push(latin1(input.take(input.u32())));
        break;
      case 0x55: // SHORT_BINSTRING
        push(latin1(input.take(input.u8())));
        break;
      case 0x56: // UNICODE
        push(rawUnicode(input.line()));
        break;
      case 0x58: // BINUNICODE
        push(input.utf8(input.u32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(input.utf8(input.u8()));
        break;
      case 0x8d: // BINUNICODE8
        push(input.utf8(input.u64()));
        break;
      case 0x42: // BINBYTES
        push(input.take(input.u32()));
        break;
      case 0x43: // SHORT_BINBYTES
        push(input.take(input.u8()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(input.take(input.u64()));
        break;
      case 0x5d:
        push({ kind: 'list', items: [] });
        break;
      case 0x61: {
        // APPEND
        const item = pop();
        appendTo(top(), [item], at);
        break;
      }
      case 0x65: // APPENDS
      case 0x90: {
        // ADDITEMS
        const items = toMark();
        appendTo(top(), items, at);
        break;
      }
      case 0x6c: // LIST
        push({ kind: 'list', items: toMark() });
        break;
      case 0x29:
        push(tuple([]));
        break;
      case 0x74: // TUPLE
        push(tuple(toMark()));
        break;
      case 0x85:
      case 0x86:
      case 0x87: {
        // TUPLE1, TUPLE2, TUPLE3
        const items: Pickled[] = [];
        for (let n = code - 0x84; n > 0; n--) items.unshift(pop());
        push(tuple(items));
        break;
      }
      case 0x7d:
        push({ kind: 'dict', entries: [] });
        break;
      case 0x64: {
        // DICT
        const dict: PickledDict = { kind: 'dict', entries: [] };
        setIn(dict, toMark(), at);
        push(dict);
        break;
      }
      case 0x73: {
        // SETITEM
        const value = pop();
        const key = pop();
        setIn(top(), [key, value], at);
        break;
      }
      case 0x75: {
        // SETITEMS
        const flat = toMark();
        setIn(top(), flat, at);
        break;
      }
      case 0x8f: // EMPTY_SET
        push({ kind: 'set', items: [] });
        break;
      case 0x91: // FROZENSET
        push({ kind: 'set', items: toMark() });
        break;
      case 0x70: // PUT
        memo.set(Number(decimal(input.line(), at)), top());
        break;
      case 0x71: // BINPUT
        memo.set(input.u8(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(input.u32(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x67: // GET
        push(recall(Number(decimal(input.line(), at))));
        break;
      case 0x68: // BINGET
        push(recall(input.u8()));
        break;
      case 0x6a: // LONG_BINGET
        push(recall(input.u32()));
        break;
      case 0x63: // GLOBAL
        push({ kind: 'global', module: input.line(), name: input.line() });
        break;
      case 0x93: {
        // STACK_GLOBAL
        const own = name(pop());
        push({ kind: 'global', module: name(pop()), name: own });
        break;
      }
      case 0x52: {
        // REDUCE
        const args = argsOf(pop());
        push(called(pop(), args));
        break;
      }
      case 0x81: {
        // NEWOBJ
        const args = argsOf(pop());
        push(called(pop(), args));
        break;
      }
      case 0x92: {
        // NEWOBJ_EX
        const named = pop();
        const args = argsOf(pop());
        push(called(pop(), isKind(named, 'dict') && named.entries.length === 0 ? args : [...args, named]));
        break;
      }
      case 0x69: {
        // INST
        const [module, own] = [input.line(), input.line()];
        push(called({ kind: 'global', module, name: own }, toMark()));
        break;
      }
      case 0x6f: {
        // OBJ
        const [target, ...args] = toMark();
        if (target === undefined) throw bad('a class is missing', at);
        push(called(target, args));
        break;
      }
      case 0x62: {
        // BUILD
        const state = pop();
        const target = top();
        if (isKind(target, 'object')) target.state = state;
        break;
      }
      case 0x50: // PERSID
        push(inert('', 'persistent', [input.line()]));
        break;
      case 0x51: // BINPERSID
        push(inert('', 'persistent', [pop()]));
        break;
      case 0x82:
      case 0x83:
      case 0x84: // EXT1, EXT2, EXT4: a number that only the writer's registry could turn into a class
        push(inert('', 'extension', [BigInt(code === 0x82 ? input.u8() : code === 0x83 ? input.u16() : input.u32())]));
        break;
      case 0x98: // READONLY_BUFFER
        break;
      default:
        throw bad(`an opcode 0x${code.toString(16)} that no protocol up to 5 has`, at);
    }
  }
}

/** The class of what is an object as a whole, null for plain data. */
export function pickledClass(value: Pickled): string | null {
  return isKind(value, 'object') || isKind(value, 'global') ? `${value.module}.${value.name}` : null;
}

/** Items of a list or a tuple, null for anything else. */
export function tupleItems(value: Pickled | undefined): readonly Pickled[] | null {
  return value === undefined || kindOf(value) === 'set' ? null : listItems(value);
}

/** Entries of a dict as they stand, null for anything else. */
export function dictEntries(value: Pickled | undefined): readonly (readonly [Pickled, Pickled])[] | null {
  return value !== undefined && isKind(value, 'dict') ? value.entries : null;
}
