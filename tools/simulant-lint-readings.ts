// SPDX-License-Identifier: Apache-2.0
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { parseSync } from 'oxc-parser';

/** One way to read a file: its text, its string constants put together, or something decoded from these. */
export interface Reading {
  text: string;
  /** How it was reached, outermost first: `strings`, `base64`, `hex`, `reversed` … */
  how: readonly string[];
}

const maxDepth = 4;
const maxReadings = 400;
const maxDecodedBytes = 1024 * 1024;

/**
 * Every reading of a file that the simulants' encoders can produce, so that what is hidden keeps the same rules as what is
 * plain. A cipher is not opened: the plain text of what is encrypted stands in the TypeScript source, which is read too.
 */
export function readingsOf(path: string, content: string | Uint8Array): Reading[] {
  const plain = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
  const found: Reading[] = [{ text: plain, how: [] }];
  const seen = new Set([plain]);
  const add = (text: string, how: readonly string[]): void => {
    if (found.length >= maxReadings || seen.has(text)) return;
    seen.add(text);
    found.push({ text, how });
  };
  if (typeof content === 'string' && isJavaScript(path, plain)) {
    for (const constant of constantsOf(path, plain)) add(constant, ['strings']);
  }
  for (let at = 0; at < found.length; at++) {
    const { text, how } = found[at] as Reading;
    if (how.length < maxDepth) for (const [step, decoded] of decode(text)) add(decoded, [...how, step]);
  }
  return found;
}

function isJavaScript(path: string, text: string): boolean {
  return /\.[cm]?js$/.test(path) || /^#!.*\bnode\b/.test(text);
}

/** String constants of a program, with concatenations, joins and character codes put together. */
function constantsOf(path: string, text: string): string[] {
  const found: string[] = [];
  visit(parse(path, text).program, (node) => {
    const value = fold(node);
    if (typeof value === 'string' && value.length > 2) found.push(value);
  });
  return [...new Set(found)];
}

function parse(path: string, text: string) {
  return parseSync(/\.[cm]?js$/.test(path) ? path : `${path}.js`, text.replace(/^#!.*/, ''));
}

/** First syntax error of a JavaScript file; other files have none. */
export function syntaxErrorOf(path: string, content: string | Uint8Array): string | undefined {
  if (typeof content !== 'string' || !isJavaScript(path, content)) return undefined;
  return parse(path, content).errors[0]?.message;
}

type SyntaxNode = { type: string } & Record<string, unknown>;

function visit(node: unknown, see: (node: SyntaxNode) => void): void {
  if (Array.isArray(node)) for (const part of node) visit(part, see);
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node && typeof node.type === 'string') see(node as SyntaxNode);
    for (const part of Object.values(node)) if (typeof part === 'object') visit(part, see);
  }
}

type Folded = string | Folded[] | undefined;

function fold(node: unknown): Folded {
  const { type, ...rest } = node as SyntaxNode;
  const part = rest as Record<string, SyntaxNode & SyntaxNode[]>;
  if (type === 'Literal') return rest.regex === undefined && rest.value !== null ? String(rest.value) : undefined;
  if (type === 'ParenthesizedExpression') return fold(part.expression);
  if (type === 'ArrayExpression')
    return (part.elements ?? []).map((element) => (element === null ? undefined : fold(element)));
  if (type === 'SpreadElement') return fold(part.argument);
  if (type === 'BinaryExpression')
    return rest.operator === '+' ? join([fold(part.left), fold(part.right)], '') : undefined;
  if (type === 'TemplateLiteral') return foldTemplate(part.quasis ?? [], part.expressions ?? []);
  if (type !== 'CallExpression') return undefined;
  const args = (part.arguments ?? []).map(fold);
  const callee = part.callee as SyntaxNode;
  if (callee.type === 'Identifier' && callee.name === 'atob') return bytesOf(args[0], 'base64');
  if (callee.type !== 'MemberExpression') return undefined;
  return foldMethod((callee.property as SyntaxNode).name, callee.object as SyntaxNode, args);
}

function foldTemplate(quasis: SyntaxNode[], expressions: SyntaxNode[]): Folded {
  const parts = quasis.flatMap((quasi, at) => [
    String((quasi.value as { cooked: string }).cooked),
    ...(at < expressions.length ? [fold(expressions[at])] : []),
  ]);
  return join(parts, '');
}

function foldMethod(name: unknown, object: SyntaxNode, args: Folded[]): Folded {
  if (object.type === 'Identifier' && object.name === 'Buffer' && name === 'from') {
    return args[1] === 'hex' || args[1] === 'base64' || args[1] === 'latin1' ? bytesOf(args[0], args[1]) : args[0];
  }
  if (object.type === 'Identifier' && object.name === 'String' && name === 'fromCharCode') {
    return String.fromCharCode(...args.flat().map(Number));
  }
  const self = fold(object);
  if (name === 'toString' && typeof self === 'string') return self;
  if (name === 'join' && Array.isArray(self)) return join(self, typeof args[0] === 'string' ? args[0] : ',');
  if (name === 'reverse') return typeof self === 'string' ? [...self].reverse() : self?.toReversed();
  if (name === 'concat' && typeof self === 'string') return join([self, ...args], '');
  return undefined;
}

function join(parts: Folded[], separator: string): Folded {
  return parts.every((part) => typeof part === 'string') ? parts.join(separator) : undefined;
}

function bytesOf(value: Folded, encoding: 'hex' | 'base64' | 'latin1'): Folded {
  return typeof value === 'string' ? Buffer.from(value, encoding).toString('latin1') : undefined;
}

/** Decodings of the encoded-looking pieces of a text. */
function* decode(text: string): Generator<[string, string]> {
  for (const [piece] of text.matchAll(/[A-Za-z0-9+/_-]{8,}={0,2}/g)) {
    if (/^(?:[0-9a-fA-F]{2}){4,}$/.test(piece)) yield* readable('hex', Buffer.from(piece, 'hex'));
    else yield* readable('base64', Buffer.from(piece, 'base64'));
  }
  for (const [piece] of text.matchAll(/(?:\d{2,3},){7,}\d{2,3}/g))
    yield ['codes', String.fromCharCode(...piece.split(',').map(Number))];
  if (/%[0-9a-f]{2}/i.test(text))
    yield [
      'percent',
      text.replace(/%([0-9a-f]{2})/gi, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16))),
    ];
  if (/(?:dilavni|tset)\.|\/\/:s?ptth/.test(text)) yield ['reversed', [...text].reverse().join('')];
  yield* decodeInvisible(text);
  if (/^RIFF/.test(text)) yield ['low bits', fromBits([...text.slice(44)].map((c) => c.charCodeAt(0) & 1))];
}

function* decodeInvisible(text: string): Generator<[string, string]> {
  const points = Array.from(text, (c) => c.codePointAt(0) ?? 0);
  const selectors = points.map((p) =>
    p >= 0xe0100 && p <= 0xe01ef ? p - 0xe0100 + 16 : p >= 0xfe00 && p <= 0xfe0f ? p - 0xfe00 : -1,
  );
  const tags = points.filter((p) => p >= 0xe0020 && p <= 0xe007e).map((p) => p - 0xe0000);
  const bits = points.filter((p) => p === 0x200b || p === 0x200c).map((p) => p - 0x200b);
  const bytes = selectors.filter((byte) => byte >= 0);
  if (bytes.length > 4) yield ['variation selectors', String.fromCharCode(...bytes)];
  if (tags.length > 4) yield ['tag characters', String.fromCharCode(...tags)];
  if (bits.length > 31) yield ['zero width', fromBits(bits)];
}

function fromBits(bits: readonly number[]): string {
  let text = '';
  for (let at = 0; at + 8 <= bits.length; at += 8)
    text += String.fromCharCode(Number.parseInt(bits.slice(at, at + 8).join(''), 2));
  return text;
}

/** Bytes as text when they are text, else inflated, else under each one-byte key when that gives an address. */
function* readable(how: string, bytes: Buffer): Generator<[string, string]> {
  if (bytes.length < 4) return;
  if (isPrintable(bytes)) {
    yield [how, bytes.toString('latin1')];
    return;
  }
  for (const inflate of [gunzipSync, inflateRawSync]) {
    try {
      yield [`${how}, inflated`, inflate(bytes, { maxOutputLength: maxDecodedBytes }).toString('latin1')];
    } catch {
      // Not compressed in this way; most pieces are not.
    }
  }
  for (let key = 1; key < 256; key++) {
    const opened = bytes.map((byte) => byte ^ key);
    if (isPrintable(opened)) {
      const text = Buffer.from(opened).toString('latin1');
      if (/:\/\/|\.(?:com|net|org|io|invalid|test)\b/.test(text)) yield [`${how}, XOR ${key}`, text];
    }
  }
}

function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13);
}
