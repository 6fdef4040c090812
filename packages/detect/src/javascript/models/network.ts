import type { Node } from '@babel/types';
import { clean, type Taint, union, unionAll } from '../abstract/taint.ts';
import { alternatives, hole, make, plainOf, Thing, thingsOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { asText } from '../interpreter/operators.ts';
import { mediaPath } from './files.ts';
import type { Models } from './model.ts';

/** Members of request options that are sent, or say where to. */
const sentMembers = [
  'body',
  'data',
  'json',
  'form',
  'formData',
  'payload',
  'params',
  'qs',
  'query',
  'searchParams',
  'headers',
  'auth',
  'path',
  'search',
  'multipart',
  'content',
  'text',
  'html',
  'attachments',
];
const hostMembers = ['url', 'uri', 'href', 'host', 'hostname', 'baseURL', 'prefixUrl', 'origin'];

/** Functions of the runtime that talk to the network. The first argument says where to. */
const requests = [
  'http.request',
  'http.get',
  'https.request',
  'https.get',
  'fetch',
  'navigator.sendBeacon',
  'WebSocket',
  'EventSource',
  'http2.connect',
];
const connections = [
  'net.connect',
  'net.createConnection',
  'tls.connect',
  'net.Socket().connect',
  'tls.TLSSocket().connect',
];
const questions = [
  'lookup',
  'resolve',
  'resolve4',
  'resolve6',
  'resolveTxt',
  'resolveMx',
  'resolveAny',
  'resolveCname',
  'resolveSrv',
  'resolveNs',
  'reverse',
  'query',
];

export const networkModels: Models = {
  ...Object.fromEntries(requests.map((name) => [name, request])),
  ...Object.fromEntries(connections.map((name) => [name, connect])),
  ...Object.fromEntries(
    questions.flatMap((name) => [`dns.${name}`, `dns.Resolver().${name}`]).map((name) => [name, ask]),
  ),
  'http.ClientRequest': request,
  'dgram.createSocket().send': (call) => send(call, call.args.at(-2), call.args[0]),
  'XMLHttpRequest().open': ({ self, args, machine: m }) => {
    const thing = plainOf(self);
    if (thing instanceof Thing) {
      [, thing.origin] = args;
      thing.taint = union(thing.taint, m.holds(args[1]));
    }
    return undefined;
  },
  'XMLHttpRequest().send': (call) => send(call, originOf(call.self), call.args[0], call.self),
};

/** Packages that are known to be clients of the network, and what else their names begin with. */
const clients =
  /^require:(?:axios|got|request|request-promise(?:-native)?|superagent|needle|undici|phin|bent|wretch|ky|ofetch|node-libcurl|urllib|unirest|@octokit\/(?:rest|core|request)|nodemailer|node-telegram-bot-api|telegraf|discord\.js|discord-webhook-node|slack-webhook|@slack\/webhook|form-data|ws|socket\.io-client|isomorphic-unfetch|redaxios|simple-get|tiny-json-http|centra|httpie|@actions\/http-client|websocket|mqtt|ftp|basic-ftp|ssh2-sftp-client|imgbb-uploader|pastebin-api|node-fetch-commonjs|popsicle|hyperquest|r2|gaxios)(?![\w-])/;
const verbs =
  'write|end|send|sendMessage|sendDocument|sendMail|emit|post|put|patch|get|head|delete|request|query|fetch|upload|uploadFrom|submit|publish|push|append|putObject|pipe|stream|json|text|buffer|perform';
/** `require:axios`, `require:axios.post`. */
const sendingCall = new RegExp(`^require:(?:@[^/]+/)?[^/.]+(?:\\.js)?(?:/[^.]*)?(?:\\.(?:${verbs}))?$`);
/** What a client makes to be used later: `axios.create()`, `new ws.WebSocket()`, `superagent.post()`. */
const handlePath = new RegExp(
  `^require:[^()]*?(?:\\.(?:[A-Z]\\w*|create\\w*|extend|instance|agent|defaults|connect|${verbs}))?\\(\\)`,
);
const sendingMethod = new RegExp(`\\(\\)\\.(?:\\w+\\.)*(?:${verbs})$`);
const handles =
  /^(?:https?\.request|https?\.get|http\.ClientRequest|net\.connect|net\.createConnection|net\.Socket|tls\.connect|tls\.TLSSocket|WebSocket|http2\.connect|dgram\.createSocket|worker_threads\.none)\(\)/;

/** Whether a name is that of something that talks to the network, besides what is known by its whole name. */
export function isNetwork(path: string): boolean {
  return clients.test(path) || (handles.test(path) && /\(\)\.(?:write|end|send|push|request|setHeader)$/.test(path));
}

/** A call on something that talks to the network; undefined when it does not go anywhere. */
export function networkCall(call: NativeCall): Value | undefined {
  const { path } = call;
  if (clients.test(path)) return clientCall(call);
  const thing = plainOf(call.self);
  const remote = thing instanceof Thing ? thing.origin : undefined;
  // A socket that was never connected is a pipe of this process.
  if (remote === undefined && path.startsWith('net.Socket()')) return undefined;
  return send(call, remote, call.args[0], call.self);
}

function request(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  const handle = m.newNative(`${path}()`);
  const inputs = [...args.slice(0, 2).flatMap((arg) => sentOf(m, arg, node))];
  handle.origin = args[0];
  for (const arg of args.slice(0, 2)) if (hostOf(m, arg, node) !== hole) handle.origin = arg;
  effect(call, destinationOf(m, args, node), inputs);
  handle.taint = union(fetched(call), inputTaint(m, inputs));
  const answer = m.newNative(`${path}().response`, fetched(call));
  m.callBack(args, [answer], node);
  return path === 'fetch' ? answer : handle;
}

function connect(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  const socket = path.includes('().') ? plainOf(call.self) : m.newNative(`${path}()`);
  if (!(socket instanceof Thing)) return unknown;
  socket.origin = remoteOf(m, args, node);
  socket.taint = union(socket.taint, fetched(call));
  m.callBack(args, [socket], node);
  return socket;
}

/** Where a socket leads: `(port, host)`, options with a host, or else a place on this machine. */
function remoteOf(m: Machine, args: readonly Value[], node: Node): Value {
  const [first, second] = args;
  const plain = plainOf(first);
  if (plain instanceof Thing && plain.native === undefined && plain.kind === 'object') {
    const host = m.get(first, 'host', node) ?? m.get(first, 'hostname', node);
    return host === undefined ? 'localhost' : host;
  }
  if (plain instanceof Thing) return first;
  const isHost = second !== undefined && thingsOf(second).every((thing) => thing.kind !== 'function');
  return isHost ? second : 'localhost';
}

function ask(call: NativeCall): Value {
  const { machine: m, args, node } = call;
  effect(call, args[0], [args[0]]);
  m.callBack(args.slice(1), [null, make(unknown, fetched(call))], node);
  return make(unknown, fetched(call));
}

/** Something is sent over a connection that was opened before. */
function send(call: NativeCall, destination: Value, ...inputs: Value[]): Value {
  const { machine: m, args, node, self } = call;
  effect(call, destinationOf(m, [destination], node), inputs);
  m.callBack(args, [make(unknown, fetched(call))], node);
  return self;
}

/** A package that is a client: called itself, or one of its methods. What it makes remembers what it was given. */
function clientCall(call: NativeCall): Value {
  const { machine: m, args, node, path, isNew, self } = call;
  const receiver = plainOf(self);
  const isMade = path.includes('()');
  const isSending = isMade ? handlePath.test(path) && sendingMethod.test(path) : !isNew && sendingCall.test(path);
  const made = m.newNative(`${path}()`.replace(/(?:\(\)\.[\w.]+)+\(\)$/, '()'));
  const inputs = args.flatMap((arg) => sentOf(m, arg, node));
  made.taint = unionAll([fetched(call), inputTaint(m, inputs), isMade ? m.holds(self) : clean]);
  made.origin = destinationOf(m, args, node) ?? (receiver instanceof Thing ? receiver.origin : undefined);
  if (receiver instanceof Thing && isMade) receiver.taint = union(receiver.taint, inputTaint(m, inputs));
  if (isSending) effect(call, made.origin, isMade ? [...inputs, self] : inputs);
  m.callBack(args, [make(unknown, fetched(call)), make(unknown, fetched(call))], node);
  return made;
}

function fetched({ machine: m, node, path, args }: NativeCall): Taint {
  const media = args
    .slice(0, 1)
    .some((arg) => alternatives(arg).some((plain) => typeof plain === 'string' && mediaPath.test(plain)));
  return [m.source('fetched', node, path), ...(media ? [m.source('media', node, path, path, 1024)] : [])];
}

function effect({ machine: m, node, path }: NativeCall, destination: Value, inputs: readonly Value[]): void {
  m.effect({ kind: 'network', node, what: path.replace(/^require:/, ''), inputs, destination });
}

function inputTaint(m: Machine, inputs: readonly Value[]): Taint {
  return unionAll(inputs.map((input) => m.holds(input))).filter(({ label }) => label !== 'fetched');
}

/** What of an argument goes over the wire: of options only the members that are sent, of anything else everything. */
function sentOf(m: Machine, arg: Value, node: Node): Value[] {
  const plain = plainOf(arg);
  if (!(plain instanceof Thing) || plain.kind === 'function' || plain.kind === 'class')
    return plain instanceof Thing ? [] : [arg];
  const names = [...(plain.fields?.keys() ?? [])];
  const isOptions =
    plain.kind === 'object' &&
    names.some((name) => hostMembers.includes(name) || name === 'method' || sentMembers.includes(name));
  if (!isOptions) return [arg];
  return [...hostMembers, ...sentMembers].filter((name) => names.includes(name)).map((name) => m.get(arg, name, node));
}

/** The first argument that names a host or an address. */
function destinationOf(m: Machine, args: readonly Value[], node: Node): Value {
  let first: Value;
  for (const arg of args.slice(0, 2)) {
    const plain = plainOf(arg);
    if (plain instanceof Thing && plain.kind === 'object' && plain.native === undefined) {
      const host = hostMembers
        .map((name) => m.get(arg, name, node))
        .find((value) => value !== undefined && value !== unknown);
      if (host !== undefined) return host;
    } else if (first === undefined && !(plain instanceof Thing && plain.kind === 'function')) first = arg;
  }
  return first;
}

function hostOf(m: Machine, arg: Value, node: Node): string {
  return asText(m, destinationOf(m, [arg], node) ?? unknown);
}

function originOf(value: Value): Value {
  const plain = plainOf(value);
  return plain instanceof Thing ? plain.origin : undefined;
}
